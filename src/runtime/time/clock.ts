/** The two clocks of a process. */
export interface Clock {
  /** Milliseconds of a monotonic clock, which changes of the system time do not affect. */
  readonly elapsed: () => number;
  /** Milliseconds since the epoch, only for people and other programs. */
  readonly date: () => number;
}

export const systemClock: Clock = {
  elapsed: () => performance.now(),
  date: () => Date.now(),
};
