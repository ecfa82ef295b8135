import type { ChildSnapshot } from "../../machines/child/child.ts";
import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import { childActorId } from "../../machines/connection/connection-types.ts";
import type { GatewaySnapshot } from "../../machines/gateway/gateway.ts";

/** The snapshot of a child's actor; undefined if the connection has none for that key. */
export function childSnapshotOf(
  { children }: Pick<ConnectionSnapshot, "children">,
  key: string,
): ChildSnapshot | undefined {
  return children[childActorId(key)]?.getSnapshot() as ChildSnapshot | undefined;
}

/** The snapshot of a child's gateway; undefined if its actor has ended. */
export function gatewaySnapshotOf({
  children,
}: Pick<ChildSnapshot, "children">): GatewaySnapshot | undefined {
  return children["gateway"]?.getSnapshot() as GatewaySnapshot | undefined;
}
