import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { isLooping, type Recurrence } from "./recurrence.ts";

/** The attempts of an actor to replace SAs that do not match the manifest. */
export interface Repairs {
  readonly recurrence: Recurrence;
  /** The differences that a replacement does not remove, under the present manifest. */
  readonly tried: readonly string[];
}

/**
 * Whether replacing an SA may help. An SA is replaced once for each difference: a new SA with the
 * same difference is what the peer or charon negotiates for the manifest, and it carries traffic.
 */
export function isRepairable(difference: string | undefined, repairs: Repairs): boolean {
  if (difference === undefined || isLooping(repairs.recurrence)) return false;
  return !repairs.tried.includes(difference);
}

/** The number of differences that are remembered; by then the actor pauses. */
const mostTried = 32;

/** Adds differences to those that were tried. */
export function withTried(tried: readonly string[], ...more: readonly string[]): readonly string[] {
  return [...new Set([...tried, ...more])].slice(-mostTried);
}

/** The failure of an SA that differs; the same object while its message is the same. */
export function differenceFailure(
  difference: string | undefined,
  before: Failure | undefined,
): Failure | undefined {
  if (difference === undefined) return undefined;
  const message = `the SA carries traffic but does not match the manifest: ${difference}`;
  return before?.message === message ? before : failure(Reason.SaDiffers, message);
}
