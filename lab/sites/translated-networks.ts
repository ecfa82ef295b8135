import { libnftables } from "../../src/adapters/nftables/libnftables.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { parseAddress, type Address, type Family } from "../../src/model/net/address.ts";
import { formatPrefix } from "../../src/model/net/prefix.ts";
import { replaceTable } from "../../src/model/rules/rules-plan.ts";
import { nftFamily } from "../../src/model/rules/nft-family.ts";
import type { ChildNat } from "../../src/model/translation/child-nat.ts";
import { noServices } from "../../src/model/translation/child-services.ts";
import { translationRules } from "../../src/model/translation/translation-rules.ts";
import { natFromSpec } from "../../src/model/validation/nat/nat-from-spec.ts";
import { inNetns, ip } from "./shell.ts";

/** The addresses of the hosts in {@link TranslatedNetworks}. */
export interface TranslatedHosts {
  /** Two workers. */
  readonly worker: string;
  readonly second: string;
  /** The partner's router, and a host behind it. */
  readonly partner: string;
  readonly far: string;
}

/**
 * Workers, a gateway with nothing but its translation, and a partner with a router, all by veth
 * pairs. The partner's hosts have addresses of the workers' network, one of them that of a worker.
 */
export class TranslatedNetworks implements Disposable {
  readonly gateway = "nat-gw";
  readonly hosts: TranslatedHosts;
  readonly #family: Family;
  readonly #nets: string[] = [];

  constructor(family: Family) {
    this.#family = family;
    const host = (n: number) => (family === 4 ? `10.0.2.${n}` : `fd10:2::${n}`);
    this.hosts = { worker: host(3), second: host(4), partner: host(3), far: host(9) };
    for (const name of ["worker", "second", "gw", "partner", "far"]) this.#namespace(`nat-${name}`);
    const { worker, second, partner, far } = this.hosts;
    this.#join(["nat-worker", "eth0", worker], ["nat-gw", "inside", host(1)]);
    this.#join(["nat-second", "eth0", second], ["nat-gw", "inside2", host(1)]);
    this.#join(["nat-gw", "tunnel", host(1)], ["nat-partner", "tunnel", partner]);
    this.#join(["nat-partner", "far", partner], ["nat-far", "eth0", far]);
    for (const name of ["nat-worker", "nat-second"]) this.route(name, "default", "eth0");
    for (const name of ["nat-gw", "nat-partner"])
      for (const sysctl of ["ipv4.ip_forward", "ipv6.conf.all.forwarding"])
        inNetns(name, `sysctl -qw net.${sysctl}=1`);
    this.route("nat-gw", this.#host(worker), "inside");
    this.route("nat-gw", this.#host(second), "inside2");
    this.route("nat-partner", this.#host(far), "far");
    this.route("nat-partner", "default", "tunnel");
    this.route("nat-far", "default", "eth0");
  }

  /** Gives the gateway the translation of a child, with routes to what workers see. */
  translate(spec: Parameters<typeof natFromSpec>[0]): void {
    const nat = natFromSpec(spec) as ChildNat;
    const gateway = parseAddress(this.#family === 4 ? "10.0.2.1" : "fd10:2::1") as Address;
    const rules = translationRules({
      services: noServices,
      nat,
      gateway,
      own: [],
      device: "none",
      xfrms: '"tunnel"',
      vxlanPort: 7789,
      mtu: 1_400,
      inSegment: () => undefined,
    });
    const { worker, second } = this.hosts;
    const { type } = nftFamily(this.#family);
    const frame = `
  set addresses { type ${type}; elements = { ${worker}, ${second} }; }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ${(rules?.forward ?? []).join("\n    ")}
    iifname { "inside", "inside2" } oifname "tunnel" accept
    iifname "tunnel" oifname { "inside", "inside2" } accept
  }${rules?.frame}`;
    const table = replaceTable({
      table: "ipman",
      sets: [],
      members: [],
      frame,
      ...rules?.counting,
    });
    libnftables.run("translate", netnsPath(this.gateway), table);
    for (const { seen } of nat.remote) this.route(this.gateway, formatPrefix(seen), "tunnel");
  }

  route(netns: string, destination: string, device: string): void {
    ip(`-n ${netns} -${this.#family} route replace ${destination} dev ${device}`);
  }

  /** The MTU that a host knows for an address. */
  mtuTo(netns: string, address: string): number | undefined {
    const route = ip(`-n ${netns} route get ${address}`);
    const mtu = /\bmtu (\d+)/.exec(route)?.[1];
    return mtu === undefined ? undefined : Number(mtu);
  }

  setMtu(netns: string, device: string, mtu: number): void {
    ip(`-n ${netns} link set ${device} mtu ${mtu}`);
  }

  [Symbol.dispose](): void {
    for (const name of this.#nets) ip(`netns del ${name}`);
  }

  #host(address: string): string {
    return `${address}/${this.#family === 4 ? 32 : 128}`;
  }

  /** The devices are point-to-point like a tunnel: they resolve no neighbours. */
  #join(...ends: readonly (readonly [netns: string, device: string, address: string])[]): void {
    const [[netns, device], [other, peer]] = ends as [(typeof ends)[0], (typeof ends)[0]];
    ip(`-n ${netns} link add ${device} type veth peer name ${peer} netns ${other}`);
    for (const [where, name, address] of ends) {
      ip(`-n ${where} link set ${name} address 02:00:00:00:00:fe arp off up`);
      ip(`-n ${where} addr add ${this.#host(address)} dev ${name}`);
    }
  }

  #namespace(name: string): void {
    ip(`netns add ${name}`);
    this.#nets.push(name);
    ip(`-n ${name} link set lo up`);
    inNetns(name, "sysctl -qw net.ipv6.conf.default.accept_dad=0");
    // Errors are not limited to one a second.
    inNetns(name, "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0");
  }
}
