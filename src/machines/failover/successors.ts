import { pathsAfter } from "./circles.ts";
import { isUndecided } from "./epochs.ts";
import type { FailoverContext } from "./failover-types.ts";
import { isElsewhere, isHere } from "./here.ts";

/**
 * The path elsewhere to which the traffic goes while charon here does not return: one that has an IKE
 * SA, also if it had a turn, since no path here can have another one.
 */
export function successorOf(context: FailoverContext): string | undefined {
  return othersOf(context).find((path) => context.ready.includes(path));
}

/** The next path elsewhere that is not known to answer, since it has no IKE SA while it stands by. */
export function coldSuccessorOf(context: FailoverContext): string | undefined {
  const { warm, tried } = context;
  const cold = othersOf(context).filter((path) => !warm.includes(path));
  return cold.find((path) => !tried.includes(path)) ?? cold[0];
}

function othersOf(context: FailoverContext): readonly string[] {
  if (isUndecided(context) || isElsewhere(context)) return [];
  return pathsAfter(context).filter((path) => !isHere(context, path));
}
