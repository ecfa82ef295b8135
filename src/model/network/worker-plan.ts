import type { Address } from "../net/address.ts";
import type { Child, Connection } from "../api/connection.ts";
import type { Worker } from "./endpoint.ts";
import { clampMtu, vxlanName } from "./gateway-plan.ts";
import { vxlanMtu } from "./mtu.ts";
import type { NetworkPlan } from "./network-plan.ts";
import { hostPrefix } from "../net/prefix.ts";
import type { WorkerSecrets } from "./segment.ts";
import { plannedRoutes, type NamespaceRoutes } from "./tunnel-routes.ts";
import { workerRules } from "./worker-rules.ts";

/** The input of a worker's plan. */
export interface WorkerFacts extends Pick<NamespaceRoutes, "ownRoutes"> {
  readonly connection: Pick<Connection, "id">;
  readonly child: Pick<Child, "key" | "ifId" | "xfrmIp" | "routes" | "unrouted">;
  readonly worker: Pick<Worker, "address"> & WorkerSecrets;
  /** The address of the gateway's VTEP. */
  readonly gatewayUnderlay: Address;
  /** The device that leads to it, its MTU in bytes, and the worker's own address on it. */
  readonly device: string;
  readonly deviceMtu: number;
  readonly underlay: Address;
  /**
   * Further addresses that are reached outside the tunnel: that of the worker's node, which probes
   * its pods, and those of the gateways of the namespace's other attachments.
   */
  readonly others?: readonly Address[];
  readonly tunnelMtu: number;
  /** Whether the child has gateways on several nodes. */
  readonly severalGateways?: true;
  readonly vxlanPort: number;
}

/** The gateway's FDB entry, and room for the one that replaces it. */
const mostEntries = 2;

/** Room for the sending addresses of several gateways. */
const mostSenders = 8;

/**
 * Plans the state of a worker's namespace. The gateway is a permanent neighbour with a known MAC
 * address, so that the worker resolves no address. The device learns the VTEP of that MAC address
 * from datagrams that the packet filter accepts, so that the gateway can move.
 */
export function workerPlan(facts: WorkerFacts): NetworkPlan {
  const { child, worker, gatewayUnderlay, vxlanPort, underlay, others = [], ownRoutes } = facts;
  const link = vxlanName(child);
  const gateway = child.xfrmIp.address;
  const source = worker.address.address;
  const mtu = Math.min(vxlanMtu(facts.deviceMtu, gatewayUnderlay.family), facts.tunnelMtu);
  const routes = plannedRoutes(child, {
    underlays: [gatewayUnderlay, underlay, ...others],
    segment: [gateway],
    ownRoutes,
  });
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
        learning: { most: mostEntries + (facts.severalGateways === true ? mostSenders : 0) },
      },
    ],
    addresses: [{ link, prefix: worker.address }],
    routes: [
      { link, destination: hostPrefix(gateway), source },
      ...routes.map((destination) => ({ link, destination, gateway, source })),
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
      severalGateways: facts.severalGateways,
    }),
  };
}
