import type { Address } from "../net/address.ts";
import type { Child, Connection } from "../api/connection.ts";
import type { Worker } from "./endpoint.ts";
import { clampMtu, vxlanName } from "./gateway-plan.ts";
import { vxlanMtu } from "./mtu.ts";
import type { NetworkPlan } from "./network-plan.ts";
import { hostPrefix } from "../net/prefix.ts";
import type { WorkerSecrets } from "./segment.ts";
import { workerRules } from "./worker-rules.ts";

/** What a worker's plan depends on. */
export interface WorkerFacts {
  readonly connection: Pick<Connection, "id">;
  readonly child: Pick<Child, "key" | "ifId" | "xfrmIp" | "remoteSelectors">;
  readonly worker: Pick<Worker, "address"> & WorkerSecrets;
  /** Where the gateway's VTEP is. */
  readonly gatewayUnderlay: Address;
  /** The device that leads there, its MTU in bytes, and the worker's own address on it. */
  readonly device: string;
  readonly deviceMtu: number;
  readonly underlay: Address;
  readonly tunnelMtu: number;
  readonly vxlanPort: number;
}

/** The gateway's FDB entry, and room for one that replaces it. */
const mostEntries = 2;

/**
 * Everything a worker's namespace is to hold. The gateway is a permanent neighbour with a known
 * MAC address, so nothing here has to be resolved; where that MAC address is, the device learns
 * of datagrams that its packet filter accepts, so a gateway may move.
 */
export function workerPlan(facts: WorkerFacts): NetworkPlan {
  const { child, worker, gatewayUnderlay, vxlanPort, underlay } = facts;
  const link = vxlanName(child);
  const gateway = child.xfrmIp.address;
  const source = worker.address.address;
  const mtu = Math.min(vxlanMtu(facts.deviceMtu, gatewayUnderlay.family), facts.tunnelMtu);
  return {
    links: [
      {
        kind: "vxlan",
        name: link,
        vni: child.ifId,
        port: vxlanPort,
        mac: worker.mac,
        mtu: clampMtu(mtu, child),
        underlying: facts.device,
        local: underlay,
        learning: { most: mostEntries },
      },
    ],
    addresses: [{ link, prefix: worker.address }],
    routes: [
      { link, destination: hostPrefix(gateway), source },
      ...child.remoteSelectors.map((destination) => ({ link, destination, gateway, source })),
    ],
    neighbours: [{ link, address: gateway, mac: worker.gatewayMac }],
    fdb: [{ link, mac: worker.gatewayMac, vtep: gatewayUnderlay, moves: true }],
    forwarding: false,
    rules: workerRules({
      worker,
      gateway: gatewayUnderlay,
      ifId: child.ifId,
      vxlanPort,
      vxlan: link,
    }),
  };
}
