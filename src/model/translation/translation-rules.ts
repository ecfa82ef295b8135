import { nftFamily } from "../rules/nft-family.ts";
import { formatAddress, type Address } from "../net/address.ts";
import type { RulesPlan } from "../rules/rules-plan.ts";
import { rangeText, type ChildNat } from "./child-nat.ts";
import type { ChildServices } from "./child-services.ts";
import { countedNat } from "./counted-subject.ts";
import { countedServices, countingChains, countingMembers } from "./counting-rules.ts";
import { networkRules } from "./network-rules.ts";
import { serviceMembers, serviceSets } from "./service-members.ts";

/** The input of a gateway's translation. */
export interface TranslationFacts {
  readonly services: ChildServices;
  /** Undefined if the child declares no translation. */
  readonly nat?: ChildNat | undefined;
  /** The gateway's address in the tunnel. */
  readonly gateway: Address;
  /** The gateway's addresses on the pod network, and its device there. */
  readonly own: readonly Address[];
  readonly device: string;
  /** An expression for the devices of the tunnels. */
  readonly xfrms: string;
  /** The device in which packets for the tunnels can wait, and an expression for it and the tunnels. */
  readonly hold?: { readonly device: string; readonly leaving: string } | undefined;
  readonly vxlanPort: number;
  /** The largest packet for the tunnels; bytes. */
  readonly mtu: number;
  /** The address in the segment of a pod that is a worker of the child. */
  readonly inSegment: (pod: Address) => Address | undefined;
}

/** The part of a gateway's packet filter that translates addresses. */
export interface TranslationRules extends Pick<RulesPlan, "sets" | "frame" | "members"> {
  /** Rules of the chain that filters forwarded packets, before its last one. */
  readonly forward: readonly string[];
  /** Whether connections are tracked. */
  readonly isTracked: boolean;
  readonly counting: Pick<RulesPlan, "counters" | "counted">;
}

/**
 * Plans the translation of addresses in a gateway; undefined if nothing is translated. A gateway tracks
 * connections only for Services, and for source addresses that workers share.
 */
export function translationRules(facts: TranslationFacts): TranslationRules | undefined {
  const { services, nat, gateway, xfrms } = facts;
  const hasServices = services.exposed.length + services.remote.length > 0;
  const isTracked = hasServices || nat?.addresses !== undefined;
  const hasNetworks = nat !== undefined && nat.local.length + nat.remote.length > 0;
  if (!isTracked && !hasNetworks) return undefined;
  const counted = countedServices(facts);
  const ofNat = countedNat(nat);
  return {
    sets: hasServices ? Object.values(serviceSets) : [],
    members: hasServices
      ? [
          ...serviceMembers({ ...facts, family: nftFamily(gateway.family).name }),
          ...countingMembers(counted),
        ]
      : [],
    frame: [
      ...(hasServices ? [serviceMaps(gateway)] : []),
      ...(isTracked ? [trackedFrame(facts, hasServices), countingChains(facts, hasServices)] : []),
      ...(hasNetworks ? [networkRules({ nat, family: gateway.family, xfrms })] : []),
    ].join(""),
    forward: isTracked ? forwardRules(facts, hasServices) : [],
    isTracked,
    counting: {
      counters: ofNat.flatMap(({ inbound, outbound }) => [inbound, outbound]),
      counted: [...counted, ...ofNat],
    },
  };
}

function serviceMaps({ family }: Address): string {
  const { type } = nftFamily(family);
  const { exposed, shown, echoes, answers, remotes, sources, arriving, leaving } = serviceSets;
  return `
  map ${exposed} { type ${type} . inet_proto . inet_service : verdict; }
  set ${shown} { type ${type}; }
  map ${echoes} { type ${type} : verdict; }
  map ${answers} { type ${type} . inet_service : ${type} . inet_service; }
  map ${remotes} { type inet_proto . inet_service : verdict; }
  map ${sources} { type mark : ${type}; }
  map ${arriving} { type ${type} . inet_proto . inet_service : verdict; }
  map ${leaving} { type ${type} . inet_proto . inet_service : verdict; }`;
}

/**
 * The chains that translate connections. The datagrams of the segment are not tracked; those that workers
 * and the partner send each other to the same port are, since only tracked ones are translated.
 */
function trackedFrame(facts: TranslationFacts, hasServices: boolean): string {
  const { vxlanPort, device, hold } = facts;
  // Packets wait with their translated addresses: connections would be translated again.
  const released = hold === undefined ? "" : `\n    iifname "${hold.device}" notrack`;
  return `
  chain untracked {
    type filter hook prerouting priority raw; policy accept;
    iifname "${device}" udp dport ${vxlanPort} notrack${released}
  }
  chain untracked_output {
    type filter hook output priority raw; policy accept;
    oifname "${device}" udp dport ${vxlanPort} notrack
  }${hasServices ? arrivals(facts) : ""}
  chain departures {
    type nat hook postrouting priority srcnat; policy accept;
${departures(facts, hasServices).join("\n")}
  }${hasServices ? refuse : ""}`;
}

function arrivals(facts: TranslationFacts): string {
  const { gateway, xfrms } = facts;
  const { name: family } = nftFamily(gateway.family);
  const { exposed, echoes } = serviceSets;
  const echo = gateway.family === 4 ? "icmp" : "icmpv6";
  return `
  chain arrivals {
    type nat hook prerouting priority dstnat; policy accept;
    iifname ${xfrms} ${family} daddr . meta l4proto . th dport vmap @${exposed}
    iifname ${xfrms} ${echo} type echo-request ${family} daddr vmap @${echoes}${fromPods(facts)}
  }`;
}

// A reset would end the connection that a delayed packet is of.
const refuse = `
  chain refuse {
    ct state invalid drop
    meta l4proto tcp reject with tcp reset
    reject with icmpx port-unreachable
  }`;

/** The rules for the sources of connections; the first one that applies is in effect. */
function departures(facts: TranslationFacts, hasServices: boolean): string[] {
  const { gateway, device, xfrms, nat, hold } = facts;
  const { name: family } = nftFamily(gateway.family);
  const { answers, sources } = serviceSets;
  const leaving = hold?.leaving ?? xfrms;
  const source = nat?.addresses === undefined ? undefined : sourceOf(nat.addresses, family);
  // The partner knows no address of a pool if all workers share others.
  const ofRemotes = source ?? `snat ${family} to meta mark map @${sources}`;
  const ofServices = [
    // Only those of remote Services leave by a tunnel. Before Linux 5.7, this hook has no iifname.
    `oifname ${xfrms} ct status dnat ${ofRemotes}`,
    `oifname ${leaving} tcp flags & (syn | fin | rst | ack) == ack snat ${family} to ${family} saddr . tcp sport map @${answers}`,
    `oifname "${device}" ct status dnat masquerade`,
  ];
  const ofWorkers = [
    `oifname ${leaving} ${family} saddr @addresses ${source}`,
    `oifname ${xfrms} ${family} saddr ${formatAddress(gateway)} ${source}`,
  ];
  return [...(hasServices ? ofServices : []), ...(source === undefined ? [] : ofWorkers)].map(
    (rule) => `    ${rule}`,
  );
}

/** Each worker keeps its address among several, in every gateway. */
function sourceOf(addresses: NonNullable<ChildNat["addresses"]>, family: string): string {
  const isSingle = addresses.first.value === addresses.last.value;
  return `snat ${family} to ${rangeText(addresses)}${isSingle ? "" : " persistent"}`;
}

/** The headers of a segment of TCP without options, by family; bytes. */
const tcpHeaders = { 4: 40, 6: 60 } as const;

function forwardRules(facts: TranslationFacts, hasServices: boolean) {
  const { device, xfrms, gateway, hold, mtu } = facts;
  const { name: family } = nftFamily(gateway.family);
  const largest = mtu - tcpHeaders[gateway.family];
  // Packets were filtered before they waited.
  const released = hold === undefined ? [] : [`iifname "${hold.device}" oifname ${xfrms} accept`];
  const ofServices = [
    // A pod sends what fits its own device, and may not get reports of packets that are too big.
    `iifname ${xfrms} oifname "${device}" tcp flags & (syn | rst) == syn tcp option maxseg size set ${largest}`,
    `iifname ${xfrms} oifname "${device}" ct status dnat accept`,
    `iifname "${device}" oifname ${xfrms} ct status dnat accept`,
    `iifname ${xfrms} ${family} daddr @${serviceSets.shown} goto refuse`,
  ];
  return [
    // A packet of no connection is not translated: it would leave with an address of the inside. The
    // partner may answer workers through another gateway than the one that tracks the connection.
    `oifname ${hold?.leaving ?? xfrms} ct state invalid drop`,
    ...released,
    ...(hasServices ? ofServices : []),
  ];
}

/** Packets of pods to the ports of remote Services; the gateway has an address of the child's family. */
function fromPods({ own, device, gateway }: TranslationFacts): string {
  const address = own.find(({ family }) => family === gateway.family);
  if (address === undefined) return "";
  const { name: family } = nftFamily(gateway.family);
  return `\n    iifname "${device}" ${family} daddr ${formatAddress(address)} meta l4proto . th dport vmap @${serviceSets.remotes}`;
}
