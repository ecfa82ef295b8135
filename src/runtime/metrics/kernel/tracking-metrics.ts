import { Gauge, type Registry } from "prom-client";
import type { NetworkPort } from "../../ports/ports.ts";
import type { GatewayUsage } from "../../../model/status/tracked-usage.ts";

export type TrackingPort = Pick<NetworkPort, "trackedConnections">;

const labelNames = ["connection", "child"];

/** Adds the numbers of connections that gateways track; they are read once for each scrape. */
export function showTrackedConnections(registry: Registry, network: TrackingPort): void {
  const registers = [registry];
  const gauges: { limit?: Gauge } = {};
  // Registered first: a scrape reads both numbers while it collects this one.
  void new Gauge({
    name: "ipman_gateway_connections",
    help: "Number of connections that the gateway of a child tracks.",
    labelNames,
    registers,
    collect() {
      this.reset();
      gauges.limit?.reset();
      for (const { connection, child, connections, limit } of usagesOf(network)) {
        this.set({ connection, child }, connections);
        gauges.limit?.set({ connection, child }, limit);
      }
    },
  });
  gauges.limit = new Gauge({
    name: "ipman_gateway_connections_limit",
    help: "Number of connections that the gateway of a child can track.",
    labelNames,
    registers,
  });
}

/** None if the kernel refuses: a scrape has the other metrics then. */
function usagesOf(network: TrackingPort): readonly GatewayUsage[] {
  try {
    return network.trackedConnections();
  } catch {
    return [];
  }
}
