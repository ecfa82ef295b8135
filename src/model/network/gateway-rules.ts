import { formatAddress } from "../net/address.ts";
import type { Child } from "../api/connection.ts";
import type { Gateway, Worker } from "./endpoint.ts";
import { memberName, type RulesMember, type RulesPlan } from "./rules-plan.ts";
import { frameMatch, nftFamily, packetMatch } from "./segment-frame.ts";
import type { WorkerSecrets } from "./segment.ts";

/** What a gateway's packet filter depends on. */
export interface GatewayRulesFacts {
  readonly child: Pick<Child, "ifId" | "vxlanIp">;
  readonly gateway: Pick<Gateway, "device" | "underlay">;
  readonly workers: readonly (Pick<Worker, "address" | "underlay"> & WorkerSecrets)[];
  readonly vxlanPort: number;
  /** The devices of the tunnel and of the segment. */
  readonly xfrm: string;
  readonly vxlan: string;
}

/**
 * A gateway's packet filter. Of the segment's datagrams, those of workers reach the VXLAN
 * device: outer address, VNI, both MAC addresses, EtherType and inner source belong together,
 * so that a worker speaks as itself only. Packets are forwarded between the tunnel and the
 * addresses of workers; nothing else is. The gateway itself answers to ICMP alone.
 *
 * The policies accept, and the last rules drop: a chain that is being replaced has no rules for
 * a moment in which its policy counts, while the chain before it still filters.
 */
export function gatewayRules(facts: GatewayRulesFacts): RulesPlan {
  const { child, gateway, vxlanPort, xfrm, vxlan } = facts;
  const outer = nftFamily(gateway.underlay.family);
  const inner = nftFamily(child.vxlanIp.address.family);
  return {
    table: "ipman",
    sets: ["addresses", "senders", "workers"],
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
    iifname "${vxlan}" oifname "${xfrm}" ${inner.name} saddr @addresses accept
    iifname "${xfrm}" oifname "${vxlan}" ${inner.name} daddr @addresses accept
    drop
  }`,
    members: membersOf(facts),
  };
}

/**
 * Compares MAC address and source of each packet once more, behind the device: a sender can
 * give many datagrams to the kernel as one (UDP_SEGMENT), which passes the input hook as one,
 * judged by the first of them, before VXLAN gets each.
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

/** One for each outer address: for a moment, a pod that ends can have that of one that starts. */
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
        { set: "workers", key: outer, verdict: `jump ${name}` },
        ...senders.map(({ address }) => ({ set: "addresses", key: address })),
        ...senders.map(({ address, mac }) => ({ set: "senders", key: `${mac} . ${address}` })),
      ],
    };
  });
}
