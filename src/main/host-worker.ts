import type { HostWorker } from "../adapters/host/endpoints.ts";
import { fabricDevice, fabricMtu } from "../adapters/host/fabric.ts";
import type { Address } from "../model/address.ts";
import type { Child, Connection } from "../model/connection.ts";
import type { NetworkPlan } from "../model/network-plan.ts";
import { workerPlan } from "../model/worker-plan.ts";
import type { HostNetwork } from "../runtime/host-network.ts";

export interface HostWorkerFacts {
  readonly connection: Connection;
  readonly child: Child;
  readonly worker: HostWorker;
  readonly gatewayUnderlay: Address;
  readonly network: HostNetwork;
  readonly vxlanPort: number;
}

/** What a workload's namespace on this host is to hold. */
export function hostWorkerPlan({ network, ...facts }: HostWorkerFacts): NetworkPlan {
  const { connection, child } = facts;
  return workerPlan({
    ...facts,
    device: fabricDevice,
    deviceMtu: fabricMtu,
    tunnelMtu: network.tunnelMtu(connection, child, undefined),
  });
}
