import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { PathView } from "../../machines/connection/connection-types.ts";
import type { ChildActor } from "../../machines/child/child.ts";
import { isHere } from "../../model/api/path.ts";
import { pathNamed } from "./snapshots.ts";

/**
 * True while the active path and all its children are established and wait for nothing, and no other
 * path is brought up, also not to stand by. An active path of another agent is not considered.
 */
export function isSettled(snapshot: ConnectionSnapshot): boolean {
  const { connection, active, dialled } = snapshot.context;
  const path = pathNamed(snapshot, active)?.getSnapshot();
  const isElsewhere = !isHere(connection, active);
  if ((path === undefined && !isElsewhere) || dialled !== undefined) return false;
  if (snapshot.context.paths.some((other) => isDialling(snapshot, other))) return false;
  if (path === undefined) return true;
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
