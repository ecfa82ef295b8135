import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { ChildActor } from "../../machines/child/child.ts";
import { pathNamed } from "./snapshots.ts";

/**
 * True while the active path and all its children are established and wait for nothing, and no other
 * path is brought up.
 */
export function isSettled(snapshot: ConnectionSnapshot): boolean {
  const { active, dialled } = snapshot.context;
  const path = pathNamed(snapshot, active)?.getSnapshot();
  if (path === undefined || dialled !== undefined) return false;
  const { value, children, context } = path;
  const isUp = (id: string) => {
    const child = children[id] as ChildActor | undefined;
    return child?.getSnapshot().value === "established";
  };
  return value === "established" && context.running.every(isUp);
}
