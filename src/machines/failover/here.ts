import type { FailoverContext, FailoverInput } from "./failover-types.ts";

/** Whether the paths of the connection are in several groups. */
export function isSeveral({ here }: Pick<FailoverContext, "here">): boolean {
  return here !== undefined;
}

/** Whether a path is in this group. */
export function isHere({ here }: Pick<FailoverContext, "here">, path: string): boolean {
  return here?.includes(path) ?? true;
}

/**
 * Whether a path can be dialled only once it is active: the group of the active path has the address that
 * the peer knows.
 */
export function needsSwitch(context: FailoverContext, path: string): boolean {
  return context.exclusive === true && isHere(context, path) !== isHere(context, context.active);
}

/** The paths that carry traffic, without those whose group has given up the address that the peer knows. */
export function carrying(context: FailoverContext): readonly string[] {
  return context.up.filter((path) => !needsSwitch(context, path));
}

/** Whether the active path is in another group. */
export function isElsewhere(context: FailoverContext): boolean {
  return !isHere(context, context.active);
}

/** The epoch at the start: a path that this process brought up earlier is a decision. */
export function firstEpoch({ here, up }: FailoverInput): number {
  return here !== undefined && up.some((path) => here.includes(path)) ? 1 : 0;
}

/** The paths that charon's loss does not concern. */
export function keptElsewhere(context: FailoverContext, paths: readonly string[]) {
  return paths.filter((path) => !isHere(context, path));
}
