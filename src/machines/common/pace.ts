import { freeTimes, pauseMs, type Attempts } from "./recurrence.ts";

/*
 * The pace at which a child asks its peer for SAs: at most ten in the first minute and one in each
 * later minute, whatever the peer answers. Failures and SAs that were closed count alike, since a peer
 * may refuse and close in turn.
 */

/** After so many failures and returns there is one attempt a minute. */
const quickTimes = 6;

/** The least time between two attempts that are not quick; milliseconds. */
export const slowMs = 60_000;

/** Whether the next return to a negotiation has to wait. */
export function isExhausted(attempts: Attempts): boolean {
  return timesOf(attempts) > freeTimes;
}

/**
 * The delay before the next attempt, in milliseconds.
 *
 * @param lasted whether the last attempt took at least {@link slowMs}
 */
export function pacedPauseMs(attempts: Attempts, lasted: boolean): number {
  const { recurrence } = attempts;
  const times = timesOf(attempts);
  const pause = pauseMs({ attempt: times, recurrence });
  return times > quickTimes && !lasted ? Math.max(pause, slowPauseMs()) : pause;
}

/** A pause of a minute or a little more, so that many children do not ask at once. */
export function slowPauseMs(): number {
  return slowMs * (1 + Math.random() / 4);
}

function timesOf({ attempt, recurrence }: Attempts): number {
  return attempt + recurrence.times;
}
