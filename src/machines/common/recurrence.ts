import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { backoffMs } from "../../model/time/backoff.ts";

/**
 * How often an actor returned to one of its states without a steady time in between. Every machine
 * that can loop has one in its context: it counts where the loop closes, waits
 * {@link loopBackoffMs} there once it {@link isLooping}, and resets to {@link noRecurrence} after
 * {@link steadyMs} in a good state. After a shorter time, such as {@link calmMs}, it is
 * {@link calmed}, so that something that is disturbed now and then is repaired without a pause.
 */
export interface Recurrence {
  readonly times: number;
  /** The state that was entered last. */
  readonly state: string;
  /** The cause, as a clause of a sentence. */
  readonly cause: string;
}

export const noRecurrence: Recurrence = { times: 0, state: "", cause: "" };

/** After this time in a good state the count starts again; milliseconds. */
export const steadyMs = 300_000;

/** After this time in a good state the next return needs no pause; milliseconds. */
export const calmMs = 30_000;

/** The number of returns without a pause. */
export const freeTimes = 4;

/** The first and the longest pause of a loop; milliseconds. */
const firstMs = 4_000;
const longestMs = 120_000;

/** The count stops here, where the pause has reached its maximum. */
const mostTimes = freeTimes + 10;

/** Counts another return to a state. */
export function recurring(before: Recurrence, state: string, cause: string): Recurrence {
  return { times: Math.min(before.times + 1, mostTimes), state, cause };
}

/** Counts another return for one of several causes, each with its own recurrence. */
export function recurringOf(
  before: readonly Recurrence[],
  state: string,
  cause: string,
): readonly Recurrence[] {
  const same = before.find((known) => known.cause === cause) ?? noRecurrence;
  return [...before.filter((known) => known.cause !== cause), recurring(same, state, cause)];
}

/** Whether the next return has to wait. */
export function isLooping({ times }: Recurrence): boolean {
  return times > freeTimes;
}

/** Whether {@link calmed} would change the count. */
export function isCalmable({ times }: Recurrence): boolean {
  return times >= freeTimes;
}

/**
 * Lowers the count after {@link calmMs} in a good state, so that the next return needs no pause.
 */
export function calmed(before: Recurrence): Recurrence {
  return { ...before, times: Math.min(before.times, freeTimes - 1) };
}

/** The pause of a loop in milliseconds, growing up to two minutes; 0 without a loop. */
export function loopBackoffMs({ times }: Recurrence): number {
  return times > freeTimes ? backoffMs(times - freeTimes, { firstMs, maxMs: longestMs }) : 0;
}

/** The failure of a loop: the state, the cause and the remedy. */
export function loopFailure({ state, cause }: Recurrence): Failure {
  return failure(
    Reason.LoopDetected,
    `state "${state}" was entered more than ${freeTimes} times without ${steadyMs / 60_000} quiet minutes in between, because ${cause}: remove the cause; until then each attempt waits up to ${longestMs / 60_000} minutes`,
  );
}

/** The counts that decide the delay before the next attempt. */
export interface Attempts {
  /** Consecutive failures. */
  readonly attempt: number;
  readonly recurrence: Recurrence;
}

/** The delay before the next attempt in milliseconds, by consecutive failures and recurrence. */
export function pauseMs({ attempt, recurrence }: Attempts): number {
  const ofFailures = attempt > 0 ? backoffMs(attempt) : 0;
  return Math.max(ofFailures, loopBackoffMs(recurrence));
}
