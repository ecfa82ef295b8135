/** The two clocks of a process. */
export interface Clock {
  /** Milliseconds that pass evenly, whatever is done to the system's clock. */
  readonly elapsed: () => number;
  /** Milliseconds since the epoch, for people and other programs alone. */
  readonly date: () => number;
}

export const systemClock: Clock = {
  elapsed: () => performance.now(),
  date: () => Date.now(),
};
