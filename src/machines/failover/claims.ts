import { isHere } from "./here.ts";
import { switched } from "./failover-facts.ts";
import { turnEnded } from "./circles.ts";
import { stayingFirst } from "./leaving.ts";
import type { ContextChange, FailoverContext } from "./failover-types.ts";

/** Between two agents that may claim the active path. */
const claimStepMs = 150;

/**
 * After the first claim of an agent, the second one, and so on. Without a pause, two agents that do not
 * hear each other, and are both heard by a third one, take the traffic from each other with every beat.
 */
const pausesMs = [5_000, 10_000, 20_000, 40_000, 60_000];

/** The claims in a row are forgotten so long after the last one, which is longer than every pause. */
export const claimsEndMs = 600_000;

/** The paths from which an agent may choose when the active one is lost with its group, best first. */
function candidatesOf(context: FailoverContext): readonly string[] {
  const { paths, up, ready, active, absent } = context;
  const present = paths.filter((path) => path !== active && !absent.includes(path));
  const worth = (path: string) => (up.includes(path) ? 2 : Number(ready.includes(path)));
  return stayingFirst(present, context).toSorted((a, b) => worth(b) - worth(a));
}

/** The best path of this group, for a claim. */
function ownBest(context: FailoverContext): string | undefined {
  return candidatesOf(context).find((path) => isHere(context, path));
}

/** Whether this agent has a path that it can claim as the active one, and no pause. */
export function mayClaim(context: FailoverContext): boolean {
  return !context.pausing && ownBest(context) !== undefined;
}

/** Makes the best path of this group active in place of one whose agent is not heard. */
export function claimed(context: FailoverContext): ContextChange {
  const turn = turnEnded(context);
  const path = ownBest(context) ?? context.active;
  const claims = Math.min(context.claims + 1, pausesMs.length);
  return { ...turn, ...switched({ ...context, ...turn }, path, "lost"), claims, pausing: true };
}

/** The time that agents with better paths have to claim first; milliseconds. */
export function claimMs(context: FailoverContext): number {
  const best = ownBest(context);
  return best === undefined ? 0 : candidatesOf(context).indexOf(best) * claimStepMs;
}

/** The time from the last claim of this agent to its next one; milliseconds. */
export function claimPauseMs({ claims }: FailoverContext): number {
  return pausesMs[claims - 1] ?? 0;
}
