import type { GatewaySnapshot } from "../../machines/gateway/gateway.ts";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { ChildSnapshot } from "../../machines/child/child.ts";
import { childrenNamed, type Child } from "../../model/api/connection.ts";
import { type PublicState, publicStateOf } from "../../model/status/public-state.ts";
import { activeConnection, childSnapshotOf, gatewaySnapshotOf } from "../actors/snapshots.ts";
import type { Placed } from "./examiner.ts";

/** The current snapshots of a child's actors. */
export interface ChildSubject {
  readonly child: Child;
  readonly state: PublicState | undefined;
  readonly snapshot: ChildSnapshot;
  readonly gateway: GatewaySnapshot | undefined;
  /** Undefined while the child has no gateway. */
  readonly placed: Placed | undefined;
}

/** The children of a connection, or the one with that key or name. */
export function childrenOf(root: ConnectionActor, name?: string): ChildSubject[] {
  const connection = root.getSnapshot();
  const { context } = connection;
  return childrenNamed(context.connection, name).flatMap((child) => {
    const snapshot = childSnapshotOf(connection, child.key);
    if (snapshot === undefined) return [];
    const gateway = gatewaySnapshotOf(connection, child.key);
    return [{ child, snapshot, gateway, state: publicStateOf(snapshot), placed: placedOf() }];

    function placedOf(): Placed | undefined {
      if (gateway?.context.gateway === undefined) return undefined;
      const { gateway: where, workers, services, tunnel, tunnels, carries } = gateway.context;
      const charonName = activeConnection(context).name;
      const placed = { connection: context.connection, child, gateway: where, workers, services };
      return { ...placed, tunnel, tunnels, carries, charonName };
    }
  });
}
