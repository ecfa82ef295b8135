import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { backoffMs } from "../../model/time/backoff.ts";

/**
 * How often an actor came back to one of its states without having been steady in between.
 * Every chart that can go in a circle has one in its context: it counts where the circle
 * closes, waits {@link loopBackoffMs} there once it {@link isLooping}, and begins at
 * {@link noRecurrence} again after {@link steadyMs} in a state that is good. What others end,
 * a peer its idle SAs say, is {@link calmed} much sooner: it is to be down for no longer than
 * it takes to bring it up.
 */
export interface Recurrence {
  readonly times: number;
  /** The state that was entered last. */
  readonly state: string;
  /** Why it was entered, as a part of a sentence. */
  readonly cause: string;
}

export const noRecurrence: Recurrence = { times: 0, state: "", cause: "" };

/** An actor that was well for so long begins to count again; milliseconds. */
export const steadyMs = 300_000;

/** One that was well for so long may come back to a state once without a pause; milliseconds. */
export const calmMs = 30_000;

/** So often a state may be entered without a pause. */
export const freeTimes = 8;

/** The longest pause of a loop; milliseconds. */
const longestMs = 120_000;

/** Beyond it no pause grows, and nothing more is to be counted. */
const mostTimes = freeTimes + 10;

/** The state was entered once more. */
export function recurring(before: Recurrence, state: string, cause: string): Recurrence {
  return { times: Math.min(before.times + 1, mostTimes), state, cause };
}

/** The same, of several causes that are counted apart: at most one recurrence for each. */
export function recurringOf(
  before: readonly Recurrence[],
  state: string,
  cause: string,
): readonly Recurrence[] {
  const same = before.find((known) => known.cause === cause) ?? noRecurrence;
  return [...before.filter((known) => known.cause !== cause), recurring(same, state, cause)];
}

/** True where the state was entered so often that the next time has to wait. */
export function isLooping({ times }: Recurrence): boolean {
  return times > freeTimes;
}

/** The actor was well for {@link calmMs}: by that it has waited before the next time. */
export function calmed(before: Recurrence): Recurrence {
  return { ...before, times: Math.min(before.times, freeTimes - 1) };
}

/** How long a loop pauses: longer each time, up to two minutes; 0 where there is none. */
export function loopBackoffMs({ times }: Recurrence): number {
  return times > freeTimes ? backoffMs(times - freeTimes, { maxMs: longestMs }) : 0;
}

/** Why an actor pauses: which state it comes back to, what brings it there, what helps. */
export function loopFailure({ state, cause }: Recurrence): Failure {
  return failure(
    Reason.LoopDetected,
    `"${state}" was entered more than ${freeTimes} times without ${steadyMs / 60_000} quiet minutes in between, since ${cause}: remove that cause; until then each attempt waits up to ${longestMs / 60_000} minutes`,
  );
}

/** How long to wait before an attempt, by failures in a row and by what recurs. */
export function pauseMs(context: {
  readonly attempt: number;
  readonly recurrence: Recurrence;
}): number {
  const ofFailures = context.attempt > 0 ? backoffMs(context.attempt) : 0;
  return Math.max(ofFailures, loopBackoffMs(context.recurrence));
}
