import { formatAddress } from "./address.ts";
import type { Child, Connection } from "./connection.ts";
import type { Gateway, Worker } from "./endpoint.ts";
import { macOf } from "./mac.ts";
import { minimumMtu, vxlanMtu } from "./mtu.ts";
import { anyMac, type LinkPlan, type NetworkPlan } from "./network-plan.ts";
import { hostPrefix } from "./prefix.ts";

/** What a gateway's plan depends on. */
export interface GatewayFacts {
  readonly connection: Pick<Connection, "id">;
  readonly child: Child;
  readonly gateway: Pick<Gateway, "device" | "mtu">;
  readonly workers: readonly Worker[];
  /** Largest packet that enters the tunnel whole, in bytes. */
  readonly tunnelMtu: number;
  /** UDP port of the VXLAN segments. */
  readonly vxlanPort: number;
  /** The device under the xfrm interface, where one is declared. */
  readonly underlying: string | undefined;
}

export function xfrmName(child: Pick<Child, "ifId">): string {
  return `xfrm${child.ifId}`;
}

export function vxlanName(child: Pick<Child, "ifId">): string {
  return `vxlan${child.ifId}`;
}

/** The MAC address of a gateway's VXLAN device: workers know it whatever becomes of the gateway. */
export function gatewayMac(connection: string, child: Pick<Child, "key" | "ifId">): string {
  return macOf("gateway", connection, child.key, String(child.ifId));
}

/** The MAC address of the worker that has this address in the segment. */
export function workerMac(
  connection: string,
  child: Pick<Child, "key">,
  worker: Pick<Worker, "address">,
): string {
  return macOf("worker", connection, child.key, formatAddress(worker.address.address));
}

/** Everything a gateway's namespace is to hold. */
export function gatewayPlan(facts: GatewayFacts): NetworkPlan {
  const { child, workers, connection } = facts;
  const xfrm = xfrmName(child);
  const vxlan = vxlanName(child);
  const macs = new Map(workers.map((worker) => [worker, workerMac(connection.id, child, worker)]));
  const entries = [...macs];
  return {
    links: gatewayLinks(facts),
    addresses: [
      { link: xfrm, prefix: child.xfrmIp },
      { link: vxlan, prefix: child.vxlanIp },
    ],
    routes: [
      ...child.remoteSelectors.map((destination) => ({ link: xfrm, destination })),
      ...workers.map(({ address }) => ({ link: vxlan, destination: hostPrefix(address.address) })),
    ],
    neighbours: entries.map(([{ address }, mac]) => ({
      link: vxlan,
      address: address.address,
      mac,
    })),
    fdb: entries.flatMap(([{ underlay: vtep }, mac]) => [
      { link: vxlan, mac: anyMac, vtep },
      { link: vxlan, mac, vtep },
    ]),
    forwarding: true,
  };
}

function gatewayLinks({
  child,
  connection,
  gateway,
  tunnelMtu,
  vxlanPort,
  underlying,
}: GatewayFacts): LinkPlan[] {
  const mtu = clampMtu(tunnelMtu, child);
  return [
    { kind: "xfrm", name: xfrmName(child), ifId: child.ifId, mtu, underlying },
    {
      kind: "vxlan",
      name: vxlanName(child),
      vni: child.ifId,
      port: vxlanPort,
      mac: gatewayMac(connection.id, child),
      mtu: vxlanMtu(gateway.mtu, 4),
      underlying: gateway.device,
    },
  ];
}

/** IPv6 does not work over a link below its minimum. */
export function clampMtu(mtu: number, child: Pick<Child, "xfrmIp">): number {
  return child.xfrmIp.address.family === 6 ? Math.max(mtu, minimumMtu) : mtu;
}
