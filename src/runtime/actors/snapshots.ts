import type { ChildActor, ChildSnapshot } from "../../machines/child/child.ts";
import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import {
  gatewayActorId,
  onlyPath,
  pathActorId,
} from "../../machines/connection/connection-types.ts";
import type { GatewaySnapshot } from "../../machines/gateway/gateway.ts";
import type { PathActor, PathSnapshot } from "../../machines/path/path.ts";
import { childActorId } from "../../machines/path/path-types.ts";

type WithChildren = Pick<ConnectionSnapshot, "children">;

/** The actor of the path that carries a connection's traffic; undefined if it has ended. */
export function pathOf({ children }: WithChildren): PathActor | undefined {
  return children[pathActorId(onlyPath)] as PathActor | undefined;
}

/** The snapshot of the path that carries a connection's traffic; undefined if its actor has ended. */
export function pathSnapshotOf(connection: WithChildren): PathSnapshot | undefined {
  return pathOf(connection)?.getSnapshot();
}

/** The actor of a child by the path that carries the traffic; undefined if there is none. */
export function childOf(connection: WithChildren, key: string): ChildActor | undefined {
  return pathSnapshotOf(connection)?.children[childActorId(key)] as ChildActor | undefined;
}

/** The snapshot of {@link childOf}. */
export function childSnapshotOf(connection: WithChildren, key: string): ChildSnapshot | undefined {
  return childOf(connection, key)?.getSnapshot();
}

/** The snapshot of a child's gateway; undefined if its actor has ended. */
export function gatewaySnapshotOf(
  { children }: WithChildren,
  key: string,
): GatewaySnapshot | undefined {
  return children[gatewayActorId(key)]?.getSnapshot() as GatewaySnapshot | undefined;
}
