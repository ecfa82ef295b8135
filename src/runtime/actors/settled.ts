import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { PathView } from "../../machines/connection/connection-types.ts";
import type { ChildActor } from "../../machines/child/child.ts";
import { pathNamed } from "./snapshots.ts";

/**
 * True while the active path and all its children are established and wait for nothing, and no other
 * path is brought up, also not to stand by.
 */
export function isSettled(snapshot: ConnectionSnapshot): boolean {
  const { active, dialled } = snapshot.context;
  const path = pathNamed(snapshot, active)?.getSnapshot();
  if (path === undefined || dialled !== undefined) return false;
  if (snapshot.context.paths.some((other) => isDialling(snapshot, other))) return false;
  const { value, children, context } = path;
  const isUp = (id: string) => {
    const child = children[id] as ChildActor | undefined;
    return child?.getSnapshot().value === "established";
  };
  return value === "established" && context.running.every(isUp);
}

/** Whether charon makes an IKE SA for a path that stands by. */
function isDialling(snapshot: ConnectionSnapshot, { path }: PathView): boolean {
  return pathNamed(snapshot, path)?.getSnapshot().matches("dialling") === true;
}
