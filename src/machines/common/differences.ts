import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { isLooping, type Recurrence } from "./recurrence.ts";

/** What an actor remembers of SAs that were not what is declared. */
export interface Repairs {
  readonly recurrence: Recurrence;
  /** The differences for which an SA was ended, under the present declaration. */
  readonly tried: readonly string[];
}

/**
 * True where ending an SA may help. Once for each difference: an SA that comes out the same
 * again is what the peer, or charon, makes of the declaration, and it carries traffic.
 */
export function isRepairable(difference: string | undefined, repairs: Repairs): boolean {
  if (difference === undefined || isLooping(repairs.recurrence)) return false;
  return !repairs.tried.includes(difference);
}

/** Further ones are not remembered: by then the actor pauses. */
const mostTried = 32;

/** The differences that were tried, with one more. */
export function withTried(tried: readonly string[], ...more: readonly string[]): readonly string[] {
  return [...new Set([...tried, ...more])].slice(-mostTried);
}

/** The failure of an SA that carries traffic and differs; the one before, if it says the same. */
export function differenceFailure(
  difference: string | undefined,
  before: Failure | undefined,
): Failure | undefined {
  if (difference === undefined) return undefined;
  const message = `the SA carries traffic, and is not what is declared: ${difference}`;
  return before?.message === message ? before : failure(Reason.SaDiffers, message);
}
