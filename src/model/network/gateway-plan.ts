import type { Child, Connection } from "../api/connection.ts";
import type { Address } from "../net/address.ts";
import type { Gateway, Worker } from "./endpoint.ts";
import { gatewayRules } from "./gateway-rules.ts";
import { minimumMtu, vxlanMtu } from "./mtu.ts";
import type { LinkPlan, NetworkPlan, VxlanLink } from "./network-plan.ts";
import { underlayIn } from "../kubernetes/pod-addresses.ts";
import { contains, hostPrefix, overlap, type Prefix } from "../net/prefix.ts";
import { gatewayMac, workerSecrets } from "./segment.ts";
import { sendingMac } from "./sending-mac.ts";
import type { SegmentKey } from "./segment-key.ts";
import { noServices, type ChildServices } from "../translation/child-services.ts";
import { plannedRoutes, type NamespaceRoutes, type RoutedChild } from "./tunnel-routes.ts";

/** The input of a gateway's plan. */
export interface GatewayFacts extends Pick<NamespaceRoutes, "ownRoutes"> {
  readonly connection: Pick<Connection, "id">;
  readonly child: Child;
  readonly gateway: Pick<Gateway, "device" | "mtu" | "underlay" | "alternate">;
  readonly workers: readonly Worker[];
  /** None by default. */
  readonly services?: ChildServices;
  /** The if_ids of the child's tunnels; the first one carries what workers send. */
  readonly tunnels: readonly number[];
  /** Whether packets are held back while another tunnel takes over. */
  readonly holds?: boolean;
  /** The largest packet that enters the tunnel unfragmented, in bytes. */
  readonly tunnelMtu: number;
  /** UDP port of the VXLAN segments. */
  readonly vxlanPort: number;
  readonly segmentKey: SegmentKey;
  /** Whether the child has gateways on other nodes, too. */
  readonly severalGateways?: boolean;
  /** False while a gateway on another node carries the traffic. */
  readonly carries?: boolean;
  /** The device under the xfrm interface, if one is declared. */
  readonly underlying: string | undefined;
}

/** The name of the xfrm interface of a tunnel. */
export function xfrmName({ ifId }: { readonly ifId: number }): string {
  return `xfrm${ifId}`;
}

/** The name of the VXLAN devices of a child's segment. */
export function vxlanName(child: Pick<Child, "ifId">): string {
  return `vxlan${child.ifId}`;
}

/** The name of the device in which the packets of a child wait. */
export function holdName(child: Pick<Child, "ifId">): string {
  return `hold${child.ifId}`;
}

/**
 * Plans the state of a gateway's namespace. The family of the gateway's first address is the
 * family of the segment on the pod network. The gateway's device cannot reach a worker without an
 * address of that family, so such a worker is left out.
 */
export function gatewayPlan(facts: GatewayFacts): NetworkPlan {
  const { child, connection, gateway, segmentKey, vxlanPort, services = noServices } = facts;
  const hold = facts.holds === true ? holdName(child) : undefined;
  const active = xfrmName({ ifId: facts.tunnels[0] ?? child.ifId });
  const xfrms = inOrder(facts.tunnels).map((ifId) => xfrmName({ ifId }));
  const vxlan = vxlanName(child);
  const workers = facts.workers.flatMap((worker) => {
    const underlay = underlayIn(worker, gateway.underlay.family);
    if (underlay === undefined) return [];
    const alternate = underlay === worker.underlay ? worker.alternate : worker.underlay;
    const secrets = workerSecrets(segmentKey, connection, child, worker);
    return [{ ...worker, underlay, alternate, ...secrets }];
  });
  const macs = macsOf(facts, workers);
  // Workers follow each frame that has the common address, so that a silent gateway sends none.
  const isMute = facts.carries === false && macs.receives === undefined;
  const reached = isMute ? [] : workers;
  const underlays = [...[gateway, ...workers].map(({ underlay }) => underlay), ...podsOf(services)];
  const routes = plannedRoutes(withProbe(child), {
    underlays,
    segment: workers.map(({ address }) => address.address),
    ownRoutes: facts.ownRoutes,
  });
  return {
    links: gatewayLinks(facts, macs),
    addresses: [
      ...xfrms.map((link) => ({ link, prefix: child.xfrmIp })),
      { link: vxlan, prefix: child.vxlanIp },
    ],
    routes: [
      ...routes.map((destination) => ({ link: active, destination })),
      ...seenOf(child, routes, underlays).map((destination) => ({ link: vxlan, destination })),
      ...workers.map(({ address }) => ({ link: vxlan, destination: hostPrefix(address.address) })),
    ],
    neighbours: workers.map(({ address, mac }) => ({ link: vxlan, address: address.address, mac })),
    fdb: reached.map(({ underlay, mac }) => ({ link: vxlan, mac, vtep: underlay, moves: false })),
    forwarding: true,
    rules: gatewayRules({
      child,
      gateway,
      workers,
      services,
      vxlanPort,
      mtu: clampMtu(facts.tunnelMtu, child),
      xfrms,
      hold,
      vxlan,
    }),
  };
}

/**
 * The networks by which the partner knows workers: errors about packets that were translated already
 * have such a destination (`network-rules.ts`). A partner may require a network in which pods are here:
 * the segment itself depends on their addresses, so that those errors are lost then.
 */
function seenOf(
  { nat }: Child,
  routes: readonly Prefix[],
  underlays: readonly Address[],
): Prefix[] {
  const seen = (nat?.local ?? []).map((pair) => pair.seen);
  return seen.filter(
    (network) =>
      !routes.some((route) => overlap(route, network)) &&
      !underlays.some((address) => contains(network, address)),
  );
}

/** The pods to which a gateway forwards for Services: they are reached outside the tunnel. */
function podsOf({ exposed }: ChildServices): Address[] {
  return exposed.flatMap(({ backends }) => backends.map(({ address }) => address));
}

/** The order of devices, whichever tunnel is active: another order would be another plan. */
function inOrder(ifIds: readonly number[]): number[] {
  return ifIds.toSorted((a, b) => a - b);
}

/** The child with a host route to the address of its probe, if no other route has it. */
function withProbe(child: Child): RoutedChild {
  const { routes, unrouted, probe } = child;
  if (probe === undefined || routes.some((route) => contains(route, probe.address))) return child;
  return { routes: [...routes, hostPrefix(probe.address)], unrouted };
}

/**
 * The MAC addresses of the segment's device. A gateway beside others sends by an address of its own,
 * unless a worker was attached when there was one gateway: its filter accepts the common one only.
 */
function macsOf(
  { child, connection, gateway, segmentKey, severalGateways }: GatewayFacts,
  workers: readonly Worker[],
): Pick<VxlanLink, "mac" | "receives"> {
  const common = gatewayMac(segmentKey, connection, child);
  if (severalGateways !== true || workers.some((worker) => worker.severalGateways !== true))
    return { mac: common };
  return { mac: sendingMac(common, gateway.underlay), receives: common };
}

function gatewayLinks(
  { child, gateway, tunnels, tunnelMtu, vxlanPort, underlying }: GatewayFacts,
  macs: Pick<VxlanLink, "mac" | "receives">,
): LinkPlan[] {
  const mtu = clampMtu(tunnelMtu, child);
  return [
    ...inOrder(tunnels).map((ifId): LinkPlan => {
      return { kind: "xfrm", name: xfrmName({ ifId }), ifId, mtu, underlying };
    }),
    {
      kind: "vxlan",
      name: vxlanName(child),
      vni: child.ifId,
      port: vxlanPort,
      ...macs,
      mtu: vxlanMtu(gateway.mtu, gateway.underlay.family),
      underlying: gateway.device,
      local: gateway.underlay,
      // The plan alone determines the workers.
      learning: false,
    },
  ];
}

/** Raises an MTU to IPv6's minimum if the child uses IPv6, which needs it. */
export function clampMtu(mtu: number, child: Pick<Child, "xfrmIp">): number {
  return child.xfrmIp.address.family === 6 ? Math.max(mtu, minimumMtu) : mtu;
}
