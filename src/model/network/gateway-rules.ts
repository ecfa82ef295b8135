import { nftFamily } from "../rules/nft-family.ts";
import { formatAddress, type Address } from "../net/address.ts";
import type { Child } from "../api/connection.ts";
import type { Gateway, Worker } from "./endpoint.ts";
import { memberName, type RulesMember, type RulesPlan } from "../rules/rules-plan.ts";
import { frameMatch, packetMatch } from "./segment-frame.ts";
import type { WorkerSecrets } from "./segment.ts";
import type { ChildServices } from "../translation/child-services.ts";
import { trackedPorts } from "../translation/tracked-ports.ts";
import { translationRules } from "../translation/translation-rules.ts";

/** The input of a gateway's packet filter. */
export interface GatewayRulesFacts {
  readonly child: Pick<Child, "ifId" | "vxlanIp" | "xfrmIp" | "nat">;
  readonly gateway: Pick<Gateway, "device" | "underlay" | "alternate">;
  readonly workers: readonly (Pick<Worker, "address" | "underlay" | "alternate"> & WorkerSecrets)[];
  /** The Services of the child. */
  readonly services: ChildServices;
  readonly vxlanPort: number;
  /** The MTU of the tunnels' devices in bytes. */
  readonly mtu: number;
  /** The devices of the tunnels, that in which packets wait, if there is one, and that of the segment. */
  readonly xfrms: readonly string[];
  readonly hold: string | undefined;
  readonly vxlan: string;
}

/**
 * Plans a gateway's packet filter. A datagram of the segment reaches the VXLAN device only if its
 * outer address, VNI, both MAC addresses, EtherType and inner source belong to one worker, so that
 * a worker cannot impersonate another. Packets are forwarded between the tunnel and the addresses
 * of workers, and nowhere else, except for those of Services. `translation-rules.ts` translates the
 * addresses. The gateway itself answers to ICMP only.
 *
 * The policies accept and the last rules drop: while a chain is replaced it has no rules for a
 * moment, in which its policy applies and the previous chain still filters.
 */
export function gatewayRules(facts: GatewayRulesFacts): RulesPlan {
  const { child, gateway, vxlanPort, xfrms, hold, vxlan } = facts;
  const outer = nftFamily(gateway.underlay.family);
  const inner = nftFamily(child.vxlanIp.address.family);
  const outwards = outwardRules(facts, inner.name);
  const ends = {
    services: facts.services,
    gateway: child.xfrmIp.address,
    nat: child.nat,
    own: addressesOf(gateway),
    inSegment: segmentAddresses(facts.workers),
  };
  const translation = translationRules({
    ...ends,
    device: gateway.device,
    xfrms: oneOf(xfrms),
    hold: hold === undefined ? undefined : { device: hold, leaving: oneOf([...xfrms, hold]) },
    vxlanPort,
    mtu: facts.mtu,
  });
  return {
    table: "ipman",
    sets: ["addresses", "senders", "workers", ...(translation?.sets ?? [])],
    frame: `
  map workers { type ${outer.type} : verdict; }
  set senders { type ether_addr . ${inner.type}; }
  set addresses { type ${inner.type}; }
  counter refused { }
  chain segment {
    type filter hook input priority raw; policy accept;
    udp dport ${vxlanPort} goto frames
  }
  chain frames {
    iifname "${gateway.device}" ${outer.name} saddr vmap @workers
    counter name refused drop
  }
${decapsulated(vxlan, inner.name)}
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport ${vxlanPort} accept
    meta l4proto { 1, 58 } accept
    iifname "lo" accept
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
${[...(translation?.forward ?? []).map((rule) => `    ${rule}`), ...outwards].join("\n")}
    iifname ${oneOf(xfrms)} oifname "${vxlan}" ${inner.name} daddr @addresses accept
    drop
  }${translation?.frame ?? ""}`,
    members: [...membersOf(facts), ...(translation?.members ?? [])],
    ...translation?.counting,
    ...(translation?.isTracked === true && { tracking: { ports: trackedPorts(ends) } }),
  };
}

/** Lets workers send into the tunnels, also while their packets wait. */
function outwardRules({ xfrms, hold, vxlan }: GatewayRulesFacts, family: string): string[] {
  const outward = (from: string, to: readonly string[]) =>
    `    iifname "${from}" oifname ${oneOf(to)} ${family} saddr @addresses accept`;
  if (hold === undefined) return [outward(vxlan, xfrms)];
  return [outward(vxlan, [...xfrms, hold]), outward(hold, xfrms)];
}

function addressesOf({ underlay, alternate }: Pick<Worker, "underlay" | "alternate">): Address[] {
  return alternate === undefined ? [underlay] : [underlay, alternate];
}

/** Finds the address in the segment of the worker with an address on the pod network. */
function segmentAddresses(workers: GatewayRulesFacts["workers"]) {
  const known = new Map(
    workers.flatMap((worker) =>
      addressesOf(worker).map((address) => [formatAddress(address), worker.address.address]),
    ),
  );
  return (pod: Address) => known.get(formatAddress(pod));
}

/** An expression of nftables that matches any of these devices. */
function oneOf(devices: readonly string[]): string {
  const names = devices.map((device) => `"${device}"`);
  return names.length === 1 ? names.join() : `{ ${names.join(", ")} }`;
}

/**
 * Compares MAC address and source of each packet again behind the device: a sender can pass many
 * datagrams to the kernel as one (UDP_SEGMENT). The input hook then filters the first of them for
 * all, before VXLAN receives each.
 */
function decapsulated(vxlan: string, inner: string): string {
  return `  chain decapsulated {
    type filter hook prerouting priority raw; policy accept;
    iifname "${vxlan}" goto packets
  }
  chain packets {
    ether saddr . ${inner} saddr @senders accept
    counter name refused drop
  }`;
}

/** One member for each outer address, which two pods can share for a moment as one replaces the other. */
function membersOf({ child, workers }: GatewayRulesFacts): RulesMember[] {
  const byOuter = Object.groupBy(workers, ({ underlay }) => formatAddress(underlay));
  return Object.entries(byOuter).map(([outer, some = []]) => {
    const rules = some.map(({ address, mac, gatewayMac }) => {
      const frame = frameMatch(child.ifId, { destination: gatewayMac, source: mac });
      return `${frame} ${packetMatch(address.address)} accept`;
    });
    const name = memberName(outer, ...rules);
    const senders = some.map(({ address: { address }, mac }) => ({
      address: formatAddress(address),
      mac,
    }));
    return {
      name,
      rules,
      elements: [
        { set: "workers", key: outer, value: `jump ${name}` },
        ...senders.map(({ address }) => ({ set: "addresses", key: address })),
        ...senders.map(({ address, mac }) => ({ set: "senders", key: `${mac} . ${address}` })),
      ],
    };
  });
}
