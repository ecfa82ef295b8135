import type { Observable } from "rxjs";
import { defer, filter, map, merge } from "rxjs";
import { echoes } from "../../adapters/icmp/echoes.ts";
import { applyPlan, driftOf } from "../../adapters/network/apply-plan.ts";
import { FilterMemory } from "../../adapters/nftables/apply-rules.ts";
import { Protocol } from "../../adapters/linux/constants.ts";
import { changedPart } from "../../adapters/netlink/changed-part.ts";
import { filterGroups, monitor, networkGroups } from "../../adapters/netlink/monitor.ts";
import { isKernelNeighbour } from "../../adapters/netlink/neighbours.ts";
import { hasLink } from "../../adapters/network/apply-links.ts";
import { linux, type Kernel } from "../../adapters/network/kernel.ts";
import { PacketHold } from "../../adapters/network/packet-hold.ts";
import { ownRoutes, pathMtu } from "../../adapters/netlink/route-lookup.ts";
import { saEvents, type SaEvent } from "../../adapters/xfrm/sa-events.ts";
import { listSaCounters } from "../../adapters/xfrm/sa-counters.ts";
import { sendFrames } from "../../adapters/linux/send-frames.ts";
import { xfrmErrors } from "../../adapters/xfrm/xfrm-errors.ts";
import { kernelStates, removeSas, removeStates } from "../../adapters/xfrm/xfrm-states.ts";
import type { PeerProcess } from "../../adapters/linux/peer-process.ts";
import type { DescriptorWatcher } from "../../adapters/linux/poller.ts";
import type {
  GatewayOrder,
  KernelPart,
  PassResult,
  Tunnel,
} from "../../machines/gateway/gateway-types.ts";
import type { ProbeOrder } from "../../machines/probe.ts";
import { parseAddress } from "../../model/net/address.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import { hasSeveralGroups } from "../../model/api/group.ts";
import { hasSeveralPaths } from "../../model/api/path.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { announcementFrame } from "../../model/network/announcement.ts";
import { gatewayPlan, holdName, vxlanName } from "../../model/network/gateway-plan.ts";
import type { KernelState } from "../../model/charon/held-sas.ts";
import type { KernelCounters } from "../../model/traffic/sa-counters.ts";
import type { EchoOutcome } from "../../model/probe/echo-judge.ts";
import type { GatewayUsage } from "../../model/status/tracked-usage.ts";
import type { CountedTraffic } from "../../model/traffic/counted-traffic.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import { innerMtu, suiteOfProposals } from "../../model/network/mtu.ts";
import { announcedMac } from "../../model/network/sending-mac.ts";
import { workerSecrets } from "../../model/network/segment.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import { workerPlan } from "../../model/network/worker-plan.ts";
import type { NetworkPort } from "../ports/ports.ts";
import { CountingGateways } from "./counting-gateways.ts";
import { TrackedGateways } from "./tracked-gateways.ts";
import { Refusal } from "../ports/refusal.ts";

export interface KernelNetworkOptions {
  readonly poller: DescriptorWatcher;
  /** Finds charon's process; called each time, since charon may restart. */
  readonly charon: () => PeerProcess;
  /** UDP port of the VXLAN segments. */
  readonly vxlanPort: number;
  /** The key from which the secrets of segments are derived. */
  readonly segmentKey: SegmentKey;
  /** charon's namespace if it is known even while charon is not running. */
  readonly hostNamespace?: string | undefined;
  /** The kernel; this machine's by default. */
  readonly kernel?: Kernel;
}

/** The parts of a gateway's order on which its plan depends. */
type PlanFacts = Pick<
  GatewayOrder,
  "connection" | "child" | "gateway" | "workers" | "services" | "tunnel" | "tunnels" | "carries"
>;

/** The frame that announces a gateway. */
interface AnnouncementFrame {
  readonly gateway: Gateway;
  readonly carries: boolean;
  readonly frame: Buffer;
}

/** The gateway of a worker. */
interface WorkerGateway {
  readonly connection: Connection;
  readonly child: Child;
  readonly gateway: Pick<Gateway, "underlay">;
}

const ethernetMtu = 1500;

/** Gateways, workers and SAs in the kernel of this machine. */
export class KernelNetwork implements NetworkPort {
  readonly #options: KernelNetworkOptions;
  readonly #kernel: Kernel;
  /** The MTU that was last applied to each child's xfrm interface. */
  readonly #mtus = new Map<string, number>();
  readonly #filters = new WeakMap<Gateway, FilterMemory>();
  readonly #tracked: TrackedGateways;
  readonly #counting: CountingGateways;
  /** Announcements, each of which takes a tenth of a millisecond to compute. */
  readonly #frames = new WeakMap<Worker, AnnouncementFrame>();

  constructor(options: KernelNetworkOptions) {
    this.#options = options;
    this.#kernel = options.kernel ?? linux;
    this.#tracked = new TrackedGateways(this.#kernel.netlink);
    this.#counting = new CountingGateways(this.#kernel.netlink);
  }

  /** The MTU of a child's xfrm interface in bytes; undefined before there is one. */
  appliedMtu(connectionId: string, childKey: string): number | undefined {
    return this.#mtus.get(childRefKey({ connection: connectionId, child: childKey }));
  }

  prepare(connection: Pick<Connection, "id">, child: Child, worker: Worker): void {
    workerSecrets(this.#options.segmentKey, connection, child, worker);
  }

  apply(order: GatewayOrder): PassResult {
    const { connection } = order;
    const charonNamespace = this.charonNamespace();
    const tunnelMtu = this.tunnelMtu(connection, order.child, order.tunnel, charonNamespace);
    this.#mtus.set(childRefKey({ connection: connection.id, child: order.child.key }), tunnelMtu);
    const plan = this.#planOf(order, tunnelMtu);
    const place = { namespace: order.gateway.netns, charonNamespace };
    this.#tracked.note(order, plan);
    this.#counting.note(order, plan);
    const { changes } = applyPlan(place, plan, this.#filterOf(order.gateway), this.#kernel);
    return { repaired: changes > 0 };
  }

  /** Describes what a pass over a gateway's namespace would change. */
  driftOf(order: PlanFacts): string[] {
    const tunnelMtu = this.tunnelMtu(order.connection, order.child, order.tunnel);
    const plan = this.#planOf(order, tunnelMtu);
    return driftOf(order.gateway.netns, plan, this.#filterOf(order.gateway), this.#kernel);
  }

  /** The plan of a worker's namespace on this machine. */
  workerPlan(
    { connection, child, gateway }: WorkerGateway,
    worker: Worker & { readonly netns: string },
    uplink: { readonly device: string; readonly mtu: number },
  ): NetworkPlan {
    const { segmentKey, vxlanPort } = this.#options;
    return workerPlan({
      connection,
      child,
      vxlanPort,
      worker: { ...worker, ...workerSecrets(segmentKey, connection, child, worker) },
      gatewayUnderlay: gateway.underlay,
      device: uplink.device,
      deviceMtu: uplink.mtu,
      underlay: worker.underlay,
      ownRoutes: () => ownRoutes(worker.netns, this.#kernel.netlink),
      tunnelMtu: this.tunnelMtu(connection, child, undefined),
    });
  }

  hold({ connection, child, gateway, tunnel }: GatewayOrder): PacketHold {
    return new PacketHold({
      namespace: gateway.netns,
      name: holdName(child),
      from: vxlanName(child),
      family: child.xfrmIp.address.family,
      mtu: this.tunnelMtu(connection, child, tunnel),
    });
  }

  announce(order: GatewayOrder): void {
    const { child, gateway, workers } = order;
    // A pass may have failed before it created the device.
    if (!hasLink(gateway.netns, vxlanName(child), this.#kernel.netlink)) return;
    const frames = workers.map((worker) => this.#announcement(order, worker));
    sendFrames(gateway.netns, vxlanName(child), frames);
  }

  #announcement(
    { connection, child, gateway, carries = true }: GatewayOrder,
    worker: Worker,
  ): Buffer {
    const known = this.#frames.get(worker);
    if (known?.gateway === gateway && known.carries === carries) return known.frame;
    const secrets = workerSecrets(this.#options.segmentKey, connection, child, worker);
    const gatewayMac = announcedMac(secrets.gatewayMac, gateway.underlay, carries);
    const frame = announcementFrame({ ...secrets, gatewayMac, source: gateway.underlay });
    this.#frames.set(worker, { gateway, carries, frame });
    return frame;
  }

  watch(gateway: Gateway): Observable<KernelPart> {
    const { poller } = this.#options;
    const { netlink } = this.#kernel;
    const { netns } = gateway;
    const network = monitor(poller, netns, networkGroups, Protocol.route, netlink).pipe(
      filter((event) => event.lost || !isKernelNeighbour(event.message)),
      map(changedPart),
    );
    const rules = monitor(poller, netns, filterGroups, Protocol.netfilter, netlink);
    return merge(network, rules.pipe(map(() => "packet filter" as const)));
  }

  echoes({ gateway, target, source, pace }: ProbeOrder): Observable<EchoOutcome> {
    return echoes(this.#options.poller, { namespace: gateway.netns, target, source }, pace);
  }

  saEvents(): Observable<SaEvent> {
    return defer(() => saEvents(this.#options.poller, this.charonNamespace()));
  }

  xfrmErrors(): ReadonlyMap<string, number> {
    return xfrmErrors(this.kernelNamespace());
  }

  saCounters(): readonly KernelCounters[] {
    return listSaCounters(this.kernelNamespace());
  }

  trackedConnections(): readonly GatewayUsage[] {
    return this.#tracked.usages();
  }

  countedTraffic(): Iterable<readonly CountedTraffic[]> {
    return this.#counting.traffic();
  }

  /** The largest packet that enters the child's tunnel unfragmented, in bytes. */
  tunnelMtu(
    connection: Pick<Connection, "remoteAddress">,
    child: Child,
    tunnel: Tunnel | undefined,
    charonNamespace = this.charonNamespace(),
  ): number {
    const remote = parseAddress(tunnel?.remoteHost ?? "") ?? connection.remoteAddress;
    const mtu = remote && pathMtu(charonNamespace, remote, this.#kernel.netlink);
    const path = {
      mtu: mtu ?? ethernetMtu,
      family: remote?.family,
      encapsulated: tunnel?.encapsulated ?? false,
    };
    return innerMtu(path, tunnel?.suite ?? suiteOfProposals(child.extra["esp_proposals"]));
  }

  kernelStates(ifIds: ReadonlySet<number>): KernelState[] {
    return kernelStates(this.#options.charon().namespace, ifIds);
  }

  removeStates(states: readonly KernelState[]): number {
    return removeStates(this.#options.charon().namespace, states);
  }

  removeSas(ifIds: ReadonlySet<number>): number {
    return removeSas(this.kernelNamespace(), ifIds);
  }

  #planOf(order: PlanFacts, tunnelMtu: number): NetworkPlan {
    const { connection, child, gateway, workers, services, tunnels, carries } = order;
    return gatewayPlan({
      connection,
      child,
      gateway,
      workers,
      ...(services && { services }),
      tunnels,
      holds: hasSeveralPaths(connection),
      tunnelMtu,
      vxlanPort: this.#options.vxlanPort,
      segmentKey: this.#options.segmentKey,
      severalGateways: hasSeveralGroups(connection),
      ...(carries !== undefined && { carries }),
      underlying: connection.interfaceName,
      ownRoutes: () => ownRoutes(gateway.netns, this.#kernel.netlink),
    });
  }

  #filterOf(gateway: Gateway): FilterMemory {
    const known = this.#filters.get(gateway) ?? new FilterMemory();
    this.#filters.set(gateway, known);
    return known;
  }

  /**
   * The namespace of charon's SAs, which stay when charon ends; on the node's network that of the node.
   *
   * @throws {Refusal} while charon is not running, if only it knows
   */
  kernelNamespace(): string {
    const { hostNamespace } = this.#options;
    return hostNamespace ?? this.charonNamespace();
  }

  /** @throws {Refusal} while charon is not running */
  charonNamespace(): string {
    try {
      return this.#options.charon().namespace;
    } catch (cause) {
      const message =
        "charon is not running, and the xfrm interface is created in its network namespace";
      throw new Refusal(failure(Reason.CharonUnavailable, message), { cause });
    }
  }
}
