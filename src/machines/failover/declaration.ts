import { sameItems } from "../../model/value/same-items.ts";
import { preferredOf } from "./failover-facts.ts";
import type { FailoverContext, PathDeclaration } from "./failover-types.ts";

/** Takes a declaration; vanished names are forgotten, except for that of the active path. */
export function declared(context: FailoverContext, declaration: PathDeclaration): FailoverContext {
  const { paths, warm, settings, here, exclusive = false } = declaration;
  const isDeclared = (path: string) => paths.includes(path);
  const isSamePreferred = preferredOf(paths) === preferredOf(context.paths);
  return {
    ...context,
    paths,
    warm,
    settings,
    here,
    exclusive,
    epoch: spreadEpoch(context, declaration),
    absent: here === undefined ? [] : context.absent.filter(isDeclared),
    leaving: here === undefined ? [] : context.leaving.filter(isDeclared),
    up: context.up.filter(isDeclared),
    ready: context.ready.filter(isDeclared),
    tried: context.tried.filter(isDeclared),
    // The setbacks are those of the preferred path.
    returned: isSamePreferred && context.returned,
    setbacks: isSamePreferred ? context.setbacks : 0,
  };
}

/** Whether a declaration differs from the present one. */
export function isOther(before: PathDeclaration, after: PathDeclaration): boolean {
  const { paths, warm, settings } = after;
  return (
    !sameItems(paths, before.paths) ||
    !sameItems(warm, before.warm) ||
    !sameItems(after.here ?? paths, before.here ?? paths) ||
    (after.here === undefined) !== (before.here === undefined) ||
    (after.exclusive ?? false) !== (before.exclusive ?? false) ||
    settings.holdSeconds !== before.settings.holdSeconds ||
    settings.failback !== before.settings.failback
  );
}

/** Whether the path beside the active one has a reason to be dialled. */
export function isPlanned({ dialled, cause, ...context }: FailoverContext): boolean {
  if (dialled === undefined || !context.paths.includes(dialled)) return false;
  if (cause !== "failback") return true;
  return context.settings.failback === "planned" && dialled === preferredOf(context.paths);
}

/** Whether a declaration gives paths of a single group to several ones. */
export function isSpread(before: PathDeclaration, after: PathDeclaration): boolean {
  return before.here === undefined && after.here !== undefined;
}

/** The epoch after a declaration: the group that had all paths begins with a decision. */
export function spreadEpoch(context: FailoverContext, declaration: PathDeclaration): number {
  if (declaration.here === undefined) return 0;
  return isSpread(context, declaration) ? 1 : context.epoch;
}
