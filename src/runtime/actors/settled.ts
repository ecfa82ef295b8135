import type { ActorRefFrom, SnapshotFrom } from "xstate";
import type { childMachine } from "../../machines/child/child.ts";
import type { connectionMachine } from "../../machines/connection/connection.ts";

/** True while nothing is waited for, of the connection or of any child. */
export function isSettled(snapshot: SnapshotFrom<typeof connectionMachine>): boolean {
  const { value, children, context } = snapshot;
  const isUp = (id: string) => {
    const child = children[id] as ActorRefFrom<typeof childMachine> | undefined;
    return child?.getSnapshot().value === "established";
  };
  return value === "established" && context.running.every(isUp);
}
