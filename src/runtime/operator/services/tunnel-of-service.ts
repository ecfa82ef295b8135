import type { Address } from "../../../model/net/address.ts";
import type { ServiceProblem } from "../../../model/services/service-reason.ts";
import { tunnelProblem, type AssignedService } from "../../../model/services/service-status.ts";
import type { Cluster } from "../state/cluster.ts";

type ServedChild = Pick<AssignedService, "connection" | "child">;

/** The active gateway of a Service's child, by its pod address of the child's family. */
export function gatewayOf(
  cluster: Cluster,
  { connection, child }: ServedChild,
): Address | undefined {
  const { family } = child.xfrmIp.address;
  return cluster.gatewayAddress(connection, child, cluster.activeGroup(connection), family);
}

/** Why the tunnel of a Service does not carry traffic. */
export function problemOfTunnel(cluster: Cluster, tunnel: ServedChild): ServiceProblem | undefined {
  const { status } = cluster.object(tunnel.connection.id) ?? {};
  return tunnelProblem(tunnel, gatewayOf(cluster, tunnel), status);
}
