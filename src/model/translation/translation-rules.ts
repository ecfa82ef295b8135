import { nftFamily } from "../rules/nft-family.ts";
import { formatAddress, type Address } from "../net/address.ts";
import type { RulesMember } from "../rules/rules-plan.ts";
import type { ChildServices } from "./child-services.ts";
import { serviceMembers, serviceSets } from "./service-members.ts";

/** The input of a gateway's translation. */
export interface TranslationFacts {
  readonly services: ChildServices;
  /** The gateway's address in the tunnel. */
  readonly gateway: Address;
  /** The gateway's addresses on the pod network, and its device there. */
  readonly own: readonly Address[];
  readonly device: string;
  /** An expression for the devices of the tunnels. */
  readonly xfrms: string;
  readonly vxlanPort: number;
  /** The address in the segment of a pod that is a worker of the child. */
  readonly inSegment: (pod: Address) => Address | undefined;
}

/** The part of a gateway's packet filter that translates addresses. */
export interface TranslationRules {
  readonly sets: readonly string[];
  /** Sets and chains. */
  readonly frame: string;
  /** Rules of the chain that filters forwarded packets, before its last one. */
  readonly forward: readonly string[];
  readonly members: readonly RulesMember[];
}

/**
 * Plans the translation of addresses in a gateway; undefined if nothing is translated, so that such a
 * gateway tracks no connections.
 */
export function translationRules(facts: TranslationFacts): TranslationRules | undefined {
  const { services, gateway, device, xfrms, vxlanPort } = facts;
  if (services.exposed.length + services.remote.length === 0) return undefined;
  const { name: family, type } = nftFamily(gateway.family);
  const { exposed, shown, echoes, answers, remotes, sources } = serviceSets;
  const echo = gateway.family === 4 ? "icmp" : "icmpv6";
  return {
    sets: Object.values(serviceSets),
    members: serviceMembers({ ...facts, family }),
    frame: `
  map ${exposed} { type ${type} . inet_proto . inet_service : verdict; }
  set ${shown} { type ${type}; }
  map ${echoes} { type ${type} : verdict; }
  map ${answers} { type ${type} . inet_service : ${type} . inet_service; }
  map ${remotes} { type inet_proto . inet_service : verdict; }
  map ${sources} { type mark : ${type}; }
  chain untracked {
    type filter hook prerouting priority raw; policy accept;
    udp dport ${vxlanPort} notrack
  }
  chain untracked_output {
    type filter hook output priority raw; policy accept;
    udp dport ${vxlanPort} notrack
  }
  chain arrivals {
    type nat hook prerouting priority dstnat; policy accept;
    iifname ${xfrms} ${family} daddr . meta l4proto . th dport vmap @${exposed}
    iifname ${xfrms} ${echo} type echo-request ${family} daddr vmap @${echoes}${fromPods(facts)}
  }
  chain departures {
    type nat hook postrouting priority srcnat; policy accept;
    iifname "${device}" oifname ${xfrms} ct status dnat snat ${family} to meta mark map @${sources}
    oifname ${xfrms} tcp flags & (syn | fin | rst | ack) == ack snat ${family} to ${family} saddr . tcp sport map @${answers}
    oifname "${device}" ct status dnat masquerade
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx port-unreachable
  }`,
    forward: [
      // A packet of no connection is not translated: it would leave with an address of the inside.
      "ct state invalid drop",
      `iifname ${xfrms} oifname "${device}" ct status dnat accept`,
      `iifname "${device}" oifname ${xfrms} ct status dnat accept`,
      `iifname ${xfrms} ${family} daddr @${shown} goto refuse`,
    ],
  };
}

/** Packets of pods to the ports of remote Services; the gateway has an address of the child's family. */
function fromPods({ own, device, gateway }: TranslationFacts): string {
  const address = own.find(({ family }) => family === gateway.family);
  if (address === undefined) return "";
  const { name: family } = nftFamily(gateway.family);
  return `\n    iifname "${device}" ${family} daddr ${formatAddress(address)} meta l4proto . th dport vmap @${serviceSets.remotes}`;
}
