import type { Observable } from "rxjs";
import { defer, filter } from "rxjs";
import { echoes, type EchoResult } from "../adapters/icmp/echoes.ts";
import { announce } from "../adapters/netlink/announce.ts";
import { applyPlan, driftOf } from "../adapters/netlink/apply-plan.ts";
import { monitor, type MonitorEvent } from "../adapters/netlink/monitor.ts";
import { isPassingNeighbour } from "../adapters/netlink/neighbours.ts";
import { pathMtu } from "../adapters/netlink/path-mtu.ts";
import { xfrmErrors } from "../adapters/netlink/xfrm-errors.ts";
import { removeOrphans, saNews, type SaNews } from "../adapters/netlink/xfrm.ts";
import type { PeerProcess } from "../adapters/vici/peer-process.ts";
import type { Poller } from "../adapters/netlink/poller.ts";
import type { GatewayOrder, PassResult, Tunnel } from "../machines/gateway-types.ts";
import type { ProbeOrder } from "../machines/probe.ts";
import { parseAddress } from "../model/address.ts";
import type { Child, Connection } from "../model/connection.ts";
import type { Gateway } from "../model/endpoint.ts";
import { failure, Reason } from "../model/failure.ts";
import { gatewayMac, gatewayPlan, vxlanName } from "../model/gateway-plan.ts";
import type { NetworkPlan } from "../model/network-plan.ts";
import { innerMtu, suiteOfProposals } from "../model/mtu.ts";
import type { NetworkPort } from "./ports.ts";
import { Refusal } from "./refusal.ts";

export interface HostNetworkOptions {
  readonly poller: Poller;
  /** Who charon is; asked each time, since it may start anew. */
  readonly charon: () => PeerProcess;
  /** UDP port of the VXLAN segments. */
  readonly vxlanPort: number;
  /** The namespace that charon is known to be in, whichever charon that is. */
  readonly hostNamespace?: string | undefined;
}

type PlanFacts = Pick<GatewayOrder, "child" | "gateway" | "workers" | "tunnel">;

const ethernetMtu = 1500;

/** The kernel as the runtime wants it: gateways by netlink. */
export class HostNetwork implements NetworkPort {
  readonly #options: HostNetworkOptions;
  /** Of each child's xfrm interface, as it was applied last. */
  readonly #mtus = new Map<string, number>();

  constructor(options: HostNetworkOptions) {
    this.#options = options;
  }

  /** The MTU of a child's xfrm interface in bytes; undefined before there is one. */
  appliedMtu(connectionId: string, childKey: string): number | undefined {
    return this.#mtus.get(`${connectionId}/${childKey}`);
  }

  apply(connection: Connection, order: GatewayOrder): PassResult {
    const charonNamespace = this.charonNamespace();
    const tunnelMtu = this.tunnelMtu(connection, order.child, order.tunnel, charonNamespace);
    this.#mtus.set(`${connection.id}/${order.child.key}`, tunnelMtu);
    const plan = this.#planOf(connection, order, tunnelMtu);
    const { changes } = applyPlan({ namespace: order.gateway.netns, charonNamespace }, plan);
    if (changes > 0) this.#announce(connection, order);
    return { repaired: changes > 0 };
  }

  /** What a pass over a gateway's namespace would change, in words. */
  driftOf(connection: Connection, order: PlanFacts): string[] {
    const tunnelMtu = this.tunnelMtu(connection, order.child, order.tunnel);
    return driftOf(order.gateway.netns, this.#planOf(connection, order, tunnelMtu));
  }

  watch(gateway: Gateway): Observable<MonitorEvent> {
    return monitor(this.#options.poller, gateway.netns).pipe(
      filter((event) => event.lost || !isPassingNeighbour(event.message)),
    );
  }

  echoes({ gateway, target, source, intervalMs }: ProbeOrder): Observable<EchoResult> {
    return echoes(this.#options.poller, { namespace: gateway.netns, target, source }, intervalMs);
  }

  saNews(): Observable<SaNews> {
    return defer(() => saNews(this.#options.poller, this.charonNamespace()));
  }

  xfrmErrors(): ReadonlyMap<string, number> {
    return xfrmErrors(this.#kernelNamespace());
  }

  /** Largest packet that enters the child's tunnel whole, in bytes. */
  tunnelMtu(
    connection: Connection,
    child: Child,
    tunnel: Tunnel | undefined,
    charonNamespace = this.charonNamespace(),
  ): number {
    const remote = parseAddress(tunnel?.remoteHost ?? "") ?? connection.remoteAddress;
    const mtu = remote && pathMtu(charonNamespace, remote);
    const path = {
      mtu: mtu ?? ethernetMtu,
      family: remote?.family,
      encapsulated: tunnel?.encapsulated ?? false,
    };
    return innerMtu(path, tunnel?.suite ?? suiteOfProposals(child.extra["esp_proposals"]));
  }

  removeOrphans(ifIds: ReadonlySet<number>, live: ReadonlySet<number>): number {
    const { namespace, startedAt } = this.#options.charon();
    return removeOrphans(namespace, { ifIds, live, since: startedAt });
  }

  removeSas(ifIds: ReadonlySet<number>): number {
    const all = { ifIds, live: new Set<number>(), since: Number.MAX_SAFE_INTEGER };
    return removeOrphans(this.#kernelNamespace(), all);
  }

  #planOf(connection: Connection, order: PlanFacts, tunnelMtu: number): NetworkPlan {
    const { child, gateway, workers } = order;
    return gatewayPlan({
      ...{ connection, child, gateway, workers, tunnelMtu },
      vxlanPort: this.#options.vxlanPort,
      underlying: connection.interfaceName,
    });
  }

  /** Workers that knew the gateway elsewhere, or not yet, learn where it is. */
  #announce({ id }: Connection, { child, gateway }: GatewayOrder): void {
    const address = child.xfrmIp.address;
    announce(gateway.netns, { device: vxlanName(child), mac: gatewayMac(id, child), address });
  }

  /** Where charon's SAs are, even when charon is not. */
  #kernelNamespace(): string {
    const { hostNamespace } = this.#options;
    return hostNamespace ?? this.charonNamespace();
  }

  /** @throws {Refusal} while charon is away */
  charonNamespace(): string {
    try {
      return this.#options.charon().namespace;
    } catch (cause) {
      const message = "charon is away, and the xfrm interface is made in its network namespace";
      throw new Refusal(failure(Reason.CharonUnavailable, message), { cause });
    }
  }
}
