import {
  asyncScheduler,
  defer,
  retry,
  timer,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
} from "rxjs";
import { backoffMs, type Backoff } from "../../model/time/backoff.ts";

/** The time that a retry is measured and scheduled by. */
export interface RetryClock {
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number;
  /** Schedules the waits. */
  readonly scheduler: SchedulerLike;
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface RetryOptions extends Backoff {
  /** Receives each error before the wait that follows it. */
  readonly onError: (error: unknown) => void;
  /** A subscription that lasted this long before it failed begins with the first wait again. */
  readonly resetAfterMs?: number;
  readonly clock?: RetryClock;
}

const systemClock: RetryClock = {
  elapsed: () => performance.now(),
  scheduler: asyncScheduler,
  random: () => Math.random(),
};

/** Subscribes to a source again whenever it fails, after a wait that grows with each failure. */
export function retryWithBackoff<T>({
  onError,
  resetAfterMs = 60_000,
  clock = systemClock,
  ...backoff
}: RetryOptions): MonoTypeOperatorFunction<T> {
  return (source) =>
    defer(() => {
      let failures = 0;
      let beganAt = 0;
      const attempt = defer(() => {
        beganAt = clock.elapsed();
        return source;
      });
      const delay = (error: unknown) => {
        const isGood = clock.elapsed() - beganAt >= resetAfterMs;
        failures = isGood ? 1 : failures + 1;
        onError(error);
        return timer(backoffMs(failures, backoff, clock.random), clock.scheduler);
      };
      return attempt.pipe(retry({ delay }));
    });
}
