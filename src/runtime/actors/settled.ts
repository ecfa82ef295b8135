import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { ChildActor } from "../../machines/child/child.ts";
import { pathSnapshotOf } from "./snapshots.ts";

/** True while the path and all its children are established and wait for nothing. */
export function isSettled(snapshot: ConnectionSnapshot): boolean {
  const path = pathSnapshotOf(snapshot);
  if (path === undefined) return false;
  const { value, children, context } = path;
  const isUp = (id: string) => {
    const child = children[id] as ChildActor | undefined;
    return child?.getSnapshot().value === "established";
  };
  return value === "established" && context.running.every(isUp);
}
