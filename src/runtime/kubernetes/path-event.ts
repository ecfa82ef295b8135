import type { ObjectEvent } from "../../adapters/kubernetes/events.ts";

/** The part of a status that says which path is active. */
interface ActivePath {
  readonly activePath?: string | undefined;
  readonly paths?: readonly { readonly name: string; readonly message?: string }[] | undefined;
}

/** The event for a switch to another path; undefined without one. */
export function pathEvent(
  before: ActivePath,
  after: ActivePath,
): Omit<ObjectEvent, "regarding"> | undefined {
  const { activePath: from } = before;
  const { activePath: to } = after;
  if (from === undefined || to === undefined || from === to) return undefined;
  const left = after.paths?.find(({ name }) => name === from);
  const why = left?.message === undefined ? "" : `: ${left.message}`;
  return {
    type: "Normal",
    reason: "PathSwitched",
    action: "Switching",
    note: `the path ${to} is active instead of ${from}${why}`,
  };
}
