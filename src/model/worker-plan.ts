import type { Address } from "./address.ts";
import type { Child, Connection } from "./connection.ts";
import type { Worker } from "./endpoint.ts";
import { clampMtu, gatewayMac, vxlanName, workerMac } from "./gateway-plan.ts";
import { vxlanMtu } from "./mtu.ts";
import { anyMac, type NetworkPlan } from "./network-plan.ts";
import { hostPrefix } from "./prefix.ts";

/** What a worker's plan depends on. */
export interface WorkerFacts {
  readonly connection: Pick<Connection, "id">;
  readonly child: Pick<Child, "key" | "ifId" | "xfrmIp" | "remoteSelectors">;
  readonly worker: Pick<Worker, "address">;
  /** Where the gateway's VTEP is. */
  readonly gatewayUnderlay: Address;
  /** The device that leads there, and its MTU in bytes. */
  readonly device: string;
  readonly deviceMtu: number;
  readonly tunnelMtu: number;
  readonly vxlanPort: number;
}

/**
 * Everything a workload's namespace is to hold. The gateway is a permanent neighbour with
 * a known MAC address, so nothing here has to be resolved; where that MAC address is, the
 * device learns, so a gateway may move.
 */
export function workerPlan(facts: WorkerFacts): NetworkPlan {
  const { child, connection, worker } = facts;
  const link = vxlanName(child);
  const gateway = child.xfrmIp.address;
  const source = worker.address.address;
  const mtu = Math.min(vxlanMtu(facts.deviceMtu, facts.gatewayUnderlay.family), facts.tunnelMtu);
  return {
    links: [
      {
        kind: "vxlan",
        name: link,
        vni: child.ifId,
        port: facts.vxlanPort,
        mac: workerMac(connection.id, child, worker),
        mtu: clampMtu(mtu, child),
        underlying: facts.device,
      },
    ],
    addresses: [{ link, prefix: worker.address }],
    routes: [
      { link, destination: hostPrefix(gateway), source },
      ...child.remoteSelectors.map((destination) => ({ link, destination, gateway, source })),
    ],
    neighbours: [{ link, address: gateway, mac: gatewayMac(connection.id, child) }],
    fdb: [{ link, mac: anyMac, vtep: facts.gatewayUnderlay }],
    forwarding: false,
  };
}
