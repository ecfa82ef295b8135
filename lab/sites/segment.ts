import { applyPlan } from "../../src/adapters/network/apply-plan.ts";
import type { FilterMemory } from "../../src/adapters/nftables/apply-rules.ts";
import { listLinks } from "../../src/adapters/netlink/links.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { ownRoutes } from "../../src/adapters/netlink/route-lookup.ts";
import { sendFrames } from "../../src/adapters/linux/send-frames.ts";
import { NetlinkSocket } from "../../src/adapters/netlink/socket.ts";
import {
  formatAddress,
  parseAddress,
  type Address,
  type Family,
} from "../../src/model/net/address.ts";
import { announcementFrame } from "../../src/model/network/announcement.ts";
import type { Child, Connection } from "../../src/model/api/connection.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { gatewayPlan } from "../../src/model/network/gateway-plan.ts";
import type { NetworkPlan } from "../../src/model/network/network-plan.ts";
import { parsePrefix, type Prefix } from "../../src/model/net/prefix.ts";
import { announcedMac } from "../../src/model/network/sending-mac.ts";
import { workerSecrets, type WorkerSecrets } from "../../src/model/network/segment.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { noServices, type ChildServices } from "../../src/model/translation/child-services.ts";
import { workerPlan } from "../../src/model/network/worker-plan.ts";
import { childSpec, connectionSpec } from "./manifests.ts";
import { answered } from "./pings.ts";
import { inNetns, ip } from "./shell.ts";

/** UDP port of the lab's segments. */
export const vxlanPort = 7789;

/** A pod's namespace on the lab's pod network. */
export interface LabPod {
  readonly name: string;
  readonly underlay: Address;
}

/** A worker of the lab. */
export interface LabWorker extends LabPod {
  readonly address: Prefix;
  readonly secrets: WorkerSecrets;
}

const key = new SegmentKey(Buffer.alloc(32, 7));
/** A host of the partner. */
export const behindTheTunnel = "10.1.2.1";

/**
 * A segment without a tunnel: pods on one bridge, which forwards any source address as the
 * simplest pod networks do, a gateway as ipman plans it, and a namespace behind a veth in the
 * place of the xfrm interface.
 */
export class LabSegment implements Disposable {
  readonly family: Family;
  /** Whether the child has several gateways, each with a tunnel of its own. */
  readonly #several: boolean;
  readonly connection: Connection;
  child: Child;
  services: ChildServices = noServices;
  readonly #pods: string[] = [];
  #workers: LabWorker[] = [];

  constructor(family: Family, { several = false } = {}) {
    this.family = family;
    this.#several = several;
    const parsed = connectionFromCr(
      connectionSpec("partner", { children: { "child-2": childSpec(2) } }),
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    this.connection = parsed.value;
    this.child = parsed.value.children[0] as Child;
    for (const name of ["seg-net", "seg-behind"]) this.#namespace(name);
    ip("-n seg-net link add br0 type bridge mcast_snooping 0");
    ip("-n seg-net link set br0 up");
    this.#route("br0", 0);
    const forwarding = family === 4 ? "ipv4.ip_forward" : "ipv6.conf.all.forwarding";
    inNetns("seg-net", `sysctl -qw net.${forwarding}=1`);
  }

  /** The name of the segment's devices. */
  get device(): string {
    return `vxlan${this.child.ifId}`;
  }

  /** Sets another if_id for the child. */
  renumber(ifId: number): void {
    this.child = { ...this.child, ifId };
  }

  /** A pod with that number in its address. */
  pod(name: string, number: number): LabPod {
    ip(`-n seg-net link add p${number} type veth peer name e${number}`);
    ip(`-n seg-net link set p${number} master br0 up`);
    return this.#pod(name, number, 0);
  }

  /** A pod on another node, which is reached by a router. */
  podElsewhere(name: string, number: number): LabPod {
    ip(`-n seg-net link add p${number} type veth peer name e${number}`);
    ip(`-n seg-net link set p${number} up`);
    this.#route(`p${number}`, 5);
    return this.#pod(name, number, 5);
  }

  #pod(name: string, number: number, subnet: number): LabPod {
    const netns = `seg-${name}`;
    this.#namespace(netns);
    ip(`-n seg-net link set e${number} netns ${netns} name eth0`);
    ip(`-n ${netns} link set eth0 address 02:44:00:00:00:${number.toString(16).padStart(2, "0")}`);
    ip(`-n ${netns} link set eth0 up`);
    const text = this.#underlay(subnet, number);
    ip(`-n ${netns} addr add ${text}${this.#prefixLength} dev eth0`);
    ip(`-n ${netns} route add default via ${this.#underlay(subnet, 254)} dev eth0`);
    return { name: netns, underlay: parseAddress(text) as Address };
  }

  /** Makes a device of the pod network the router of a subnet. */
  #route(device: string, subnet: number): void {
    ip(`-n seg-net addr add ${this.#underlay(subnet, 254)}${this.#prefixLength} dev ${device}`);
  }

  #underlay(subnet: number, number: number): string {
    return this.family === 4 ? `10.244.${subnet}.${number}` : `fd44:${subnet}::${number}`;
  }

  get #prefixLength(): string {
    return this.family === 4 ? "/24" : "/64";
  }

  /** Makes a pod a worker, as `ipman attach` does. */
  attach(pod: LabPod, address: string, gateway: LabPod): LabWorker {
    const place = { address: parsePrefix(`${address}/24`) as Prefix, reservation: "1" };
    const secrets = workerSecrets(key, this.connection, this.child, place);
    const worker = { ...pod, address: place.address, secrets };
    applyPlan({ namespace: netnsPath(pod.name) }, this.workerPlan(worker, gateway));
    this.#workers = [...this.#workers.filter(({ name }) => name !== pod.name), worker];
    return worker;
  }

  workerPlan(worker: LabWorker, gateway: LabPod): NetworkPlan {
    return workerPlan({
      connection: this.connection,
      child: this.child,
      vxlanPort,
      worker: { address: worker.address, ...worker.secrets },
      gatewayUnderlay: gateway.underlay,
      underlay: worker.underlay,
      device: "eth0",
      deviceMtu: 1_500,
      ownRoutes: () => ownRoutes(netnsPath(worker.name)),
      tunnelMtu: 1_400,
      ...(this.#several && { severalGateways: true }),
    });
  }

  /** Makes a pod the gateway of all workers, as the agent does; returns the number of changes. */
  serve(gateway: LabPod, memory?: FilterMemory): number {
    const { name } = gateway;
    const hasTunnel = linksOf(name).some((link) => link.name === `xfrm${this.child.ifId}`);
    if (!hasTunnel) this.#tunnel(name);
    return applyPlan({ namespace: netnsPath(name) }, this.gatewayPlan(gateway), memory).changes;
  }

  gatewayPlan({ name, underlay }: LabPod): NetworkPlan {
    const plan = gatewayPlan({
      connection: this.connection,
      child: this.child,
      vxlanPort,
      segmentKey: key,
      gateway: { device: "eth0", mtu: 1_500, underlay },
      ownRoutes: () => ownRoutes(netnsPath(name)),
      workers: this.#workers.map(({ name, address, underlay: outer }) => ({
        id: name,
        connection: this.connection.id,
        child: this.child.key,
        pool: "primary",
        address,
        underlay: outer,
        reservation: "1",
        ...(this.#several && { severalGateways: true }),
      })),
      services: this.services,
      severalGateways: this.#several,
      tunnels: [this.child.ifId],
      holds: true,
      tunnelMtu: 1_400,
      underlying: undefined,
    });
    const isSegment = ({ link }: { readonly link: string }) => link === this.device;
    return {
      ...plan,
      links: plan.links.filter(({ kind }) => kind === "vxlan"),
      addresses: plan.addresses.filter(isSegment),
      routes: plan.routes.filter(isSegment),
    };
  }

  /** Announces the gateway's address to each worker once, as the agent does. */
  announce(gateway: LabPod, workers: readonly LabWorker[] = this.#workers): void {
    const frames = workers.map(({ secrets }) =>
      announcementFrame({ ...secrets, source: gateway.underlay }),
    );
    sendFrames(netnsPath(gateway.name), this.device, frames);
  }

  /** Proves a gateway to each worker once, without leading the workers to it. */
  prove({ name, underlay }: LabPod): void {
    const frames = this.#workers.map(({ secrets }) => {
      const gatewayMac = announcedMac(secrets.gatewayMac, underlay, false);
      return announcementFrame({ ...secrets, gatewayMac, source: underlay });
    });
    sendFrames(netnsPath(name), this.device, frames);
  }

  /** The number of two pings to the address behind the tunnel that were answered. */
  reaches(pod: LabPod): number {
    return answered(pod.name, behindTheTunnel, "-c", "2", "-i", "0.2");
  }

  /** The number of two pings from behind the tunnel that a worker answered. */
  reached({ address }: LabWorker): number {
    return answered("seg-behind", formatAddress(address.address), "-c", "2", "-i", "0.2");
  }

  /** The gateway's address that a worker has learned. */
  believedGateway({ name, secrets }: LabWorker): string | undefined {
    const fdb = inNetns(name, `bridge fdb show dev ${this.device}`);
    return new RegExp(`${secrets.gatewayMac} dst (\\S+)`).exec(fdb)?.[1];
  }

  /** FDB entries of a pod's segment device. */
  entries({ name }: LabPod): number {
    return inNetns(name, `bridge fdb show dev ${this.device}`).split("\n").length - 1;
  }

  /** The number of packets that a device received. */
  received(netns: string, device: string): number {
    return linksOf(netns).find(({ name }) => name === device)?.counters?.packetsIn ?? 0;
  }

  [Symbol.dispose](): void {
    for (const name of this.#pods) ip(`netns del ${name}`);
  }

  /** The namespace behind the tunnel reaches workers by a veth that stands for the tunnel. */
  #tunnel(gateway: string): void {
    const xfrm = `xfrm${this.child.ifId}`;
    const tunnel = this.#tunnelOf(gateway);
    if (linksOf("seg-behind").some(({ name }) => name === tunnel))
      ip(`-n seg-behind link del ${tunnel}`);
    ip(`-n ${gateway} link add ${xfrm} type veth peer name ${tunnel} netns seg-behind`);
    for (const [netns, device] of [
      [gateway, xfrm],
      ["seg-behind", tunnel],
    ] as const) {
      // Point-to-point like a tunnel: the device resolves no neighbours and sends nothing by itself.
      inNetns(netns, `sysctl -qw net.ipv6.conf.${device}.disable_ipv6=1`);
      ip(`-n ${netns} link set ${device} address 02:00:00:00:00:fe arp off up`);
    }
    ip(`-n ${gateway} addr add ${formatAddress(this.child.xfrmIp.address)}/32 dev ${xfrm}`);
    ip(`-n ${gateway} route add 10.1.2.0/24 dev ${xfrm}`);
    ip(`-n seg-behind addr add ${behindTheTunnel}/24 dev ${tunnel}`);
    if (!this.#several) this.#answerBy(tunnel);
  }

  /** Has the address behind the tunnels answer through a gateway. */
  answerBy(gateway: LabPod): void {
    this.#answerBy(this.#tunnelOf(gateway.name));
  }

  #answerBy(tunnel: string): void {
    ip(`-n seg-behind route replace 10.0.2.0/24 dev ${tunnel}`);
  }

  /** Whether a gateway forwards into its tunnel, or else drops what workers send there. */
  forward(gateway: LabPod, isOn: boolean): void {
    const route = isOn ? `10.1.2.0/24 dev xfrm${this.child.ifId}` : "blackhole 10.1.2.0/24";
    ip(`-n ${gateway.name} route replace ${route}`);
  }

  /** The tunnel's device behind a gateway. */
  #tunnelOf(gateway: string): string {
    return this.#several ? `tunnel-${gateway}` : "tunnel";
  }

  #namespace(name: string): void {
    ip(`netns add ${name}`);
    this.#pods.push(name);
    ip(`-n ${name} link set lo up`);
    // Addresses are usable at once, without duplicate address detection.
    inNetns(name, "sysctl -qw net.ipv6.conf.default.accept_dad=0");
  }
}

function linksOf(netns: string) {
  using socket = NetlinkSocket.open(netnsPath(netns));
  return listLinks(socket);
}
