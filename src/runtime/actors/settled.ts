import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { ChildActor } from "../../machines/child/child.ts";

/** True while the connection and all its children are established and wait for nothing. */
export function isSettled(snapshot: ConnectionSnapshot): boolean {
  const { value, children, context } = snapshot;
  const isUp = (id: string) => {
    const child = children[id] as ChildActor | undefined;
    return child?.getSnapshot().value === "established";
  };
  return value === "established" && context.running.every(isUp);
}
