import type { ChildActor, ChildSnapshot } from "../../machines/child/child.ts";
import type { ConnectionActor, ConnectionSnapshot } from "../../machines/connection/connection.ts";
import { gatewayActorId, pathActorId } from "../../machines/connection/connection-types.ts";
import type { GatewaySnapshot } from "../../machines/gateway/gateway.ts";
import type { PathActor, PathSnapshot } from "../../machines/path/path.ts";
import { childActorId } from "../../machines/path/path-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import { connectionBy } from "../../model/api/path.ts";

type WithChildren = Pick<ConnectionSnapshot, "children">;
type WithPaths = WithChildren & { readonly context: Pick<ConnectionSnapshot["context"], "active"> };

/** A connection by the path that carries its traffic, as charon has it. */
export function activeConnection({
  connection,
  active,
}: Pick<ConnectionSnapshot["context"], "connection" | "active">): Connection {
  return connectionBy(connection, active);
}

/** The actor of the path that carries a connection's traffic; undefined if it has ended. */
export function pathOf({ children, context: { active } }: WithPaths): PathActor | undefined {
  return pathNamed({ children }, active);
}

/** The actor of a path by its name; undefined if it has ended. */
export function pathNamed({ children }: WithChildren, path: string): PathActor | undefined {
  return children[pathActorId(path)] as PathActor | undefined;
}

/** The IKE SAs of a path by its name. */
export function ikeSasOf(root: ConnectionActor | undefined, path: string): readonly IkeSa[] {
  const actor = root && pathNamed(root.getSnapshot(), path);
  return actor?.getSnapshot().context.ikeSas ?? [];
}

/** The snapshot of the path that carries a connection's traffic; undefined if its actor has ended. */
export function pathSnapshotOf(connection: WithPaths): PathSnapshot | undefined {
  return pathOf(connection)?.getSnapshot();
}

/** The actor of a child by the path that carries the traffic; undefined if there is none. */
export function childOf(connection: WithPaths, key: string): ChildActor | undefined {
  return pathSnapshotOf(connection)?.children[childActorId(key)] as ChildActor | undefined;
}

/** The snapshot of {@link childOf}. */
export function childSnapshotOf(connection: WithPaths, key: string): ChildSnapshot | undefined {
  return childOf(connection, key)?.getSnapshot();
}

/** The snapshot of a child's gateway; undefined if its actor has ended. */
export function gatewaySnapshotOf(
  { children }: WithChildren,
  key: string,
): GatewaySnapshot | undefined {
  return children[gatewayActorId(key)]?.getSnapshot() as GatewaySnapshot | undefined;
}
