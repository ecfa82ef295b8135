import type { ContextChange, FailoverContext } from "./failover-types.ts";
import { isElsewhere, isHere, isSeveral } from "./here.ts";

/** Whether the active path is in this group, and the group leaves. */
export function isLeaving(context: FailoverContext): boolean {
  return isSeveral(context) && !isElsewhere(context) && context.leaving.includes(context.active);
}

/** The paths in their order, with those of groups that leave behind the others. */
export function stayingFirst(
  paths: readonly string[],
  { leaving }: Pick<FailoverContext, "leaving">,
): readonly string[] {
  const isStaying = (path: string) => !leaving.includes(path);
  return [...paths.filter(isStaying), ...paths.filter((path) => leaving.includes(path))];
}

/**
 * The path elsewhere to which the traffic goes since this group leaves: one that is up, or else one
 * with an IKE SA, or else one that has none while it stands by. A path that had its turn gets another
 * one after a calm time, or when its peer has made an IKE SA.
 */
export function refugeOf(context: FailoverContext): string | undefined {
  if (!isLeaving(context)) return undefined;
  const { paths, up, ready, warm, leaving, absent, tried } = context;
  const usable = paths.filter(
    (path) =>
      !isHere(context, path) && ![leaving, absent, tried].some((list) => list.includes(path)),
  );
  return (
    usable.find((path) => up.includes(path)) ??
    usable.find((path) => ready.includes(path)) ??
    usable.find((path) => !warm.includes(path))
  );
}

/**
 * Whether a path here is up that the agent of a group that leaves has had brought up. This agent then
 * takes over by itself: the other one may have ended, and the peer may use the new CHILD SAs already.
 * If both decide, their decisions are the same.
 */
export function isRefuge(context: FailoverContext): boolean {
  const { dialled, cause, up } = context;
  if (!isElsewhere(context) || cause !== "drain" || dialled === undefined) return false;
  return isHere(context, dialled) && up.includes(dialled);
}

/** Notes that the group of a path leaves, so that others take over from it. */
export function madeLeaving({ leaving }: FailoverContext, path: string): ContextChange {
  return { leaving: [...leaving.filter((other) => other !== path), path] };
}
