import { formatAddress, type Address } from "../net/address.ts";
import type { CountedSubject, TrafficDirection } from "../rules/counting-plan.ts";
import { nftFamily } from "../rules/nft-family.ts";
import type { RulesMember } from "../rules/rules-plan.ts";
import { chain } from "./checksum-rules.ts";
import { rangeText, type ChildNat } from "./child-nat.ts";
import type { ChildServices, Transport } from "./child-services.ts";
import { countedAddresses, countedSubject } from "./counted-subject.ts";
import { reachable, serviceSets, swappedMember } from "./service-members.ts";

/** The input of the counting of a gateway's traffic. */
export interface CountingFacts {
  readonly services: ChildServices;
  readonly nat?: Pick<ChildNat, "addresses"> | undefined;
  readonly gateway: Address;
  /** The gateway's addresses on the pod network, and its device there. */
  readonly own: readonly Address[];
  readonly device: string;
  /** An expression for the devices of the tunnels. */
  readonly xfrms: string;
  readonly inSegment: (pod: Address) => Address | undefined;
}

/** A Service whose packets are counted. */
export interface CountedService extends CountedSubject {
  /** The keys of its ports in the maps of counted packets. */
  readonly keys: readonly string[];
  /** Whether the partner is the client. */
  readonly isExposed: boolean;
}

/** The Services whose packets a gateway counts. */
export function countedServices(facts: CountingFacts): CountedService[] {
  const { exposed, remote } = facts.services;
  const own = ownAddress(facts);
  const partners = own === undefined ? [] : [...Map.groupBy(remote, ({ service }) => service)];
  return [
    ...[...Map.groupBy(exposed, ({ service }) => service)].map(([service, ports]) => ({
      ...countedSubject("service", service),
      endpoints: Math.min(...ports.map(({ backends }) => reachable(backends, facts).length)),
      keys: ports.map(({ address, transport, port }) => keyOf(address, transport, port)),
      isExposed: true,
    })),
    ...partners.map(([service, ports]) => ({
      ...countedSubject("service", service),
      keys: ports.map((port) => keyOf(own as Address, port.transport, port.gatewayPort)),
      isExposed: false,
    })),
  ];
}

function ownAddress({ own, gateway }: Pick<CountingFacts, "own" | "gateway">): Address | undefined {
  return own.find(({ family }) => family === gateway.family);
}

function keyOf(address: Address, transport: Transport, port: number): string {
  return `${formatAddress(address)} . ${transport} . ${port}`;
}

/**
 * The parts of a gateway's packet filter that count the packets of Services: for each of them one that
 * counts what arrives for its ports, and one that counts what leaves from them. They do not depend on
 * endpoints, so that the values stay while endpoints change.
 */
export function countingMembers(services: readonly CountedService[]): RulesMember[] {
  return services.flatMap(({ keys, isExposed, inbound, outbound }) => {
    const [arriving, leaving] = isExposed ? [inbound, outbound] : [outbound, inbound];
    return [
      countingMember(serviceSets.arriving, arriving, keys),
      countingMember(serviceSets.leaving, leaving, keys),
    ];
  });
}

function countingMember(set: string, counter: string, keys: readonly string[]): RulesMember {
  const elements = keys.map((key) => ({ set, key }));
  return { ...swappedMember([`counter name "${counter}"`], elements, []), counter };
}

/** A place where packets are counted: both know the connections of packets. */
interface CountingPlace {
  readonly chain: string;
  readonly hook: string;
  /** The direction of packets at the devices of the tunnels. */
  readonly direction: TrafficDirection;
  readonly match: "iifname" | "oifname";
  /** The end of a packet that is an address of this side. */
  readonly end: "daddr" | "saddr";
  readonly port: "dport" | "sport";
  readonly map: string;
  /** The direction in the connection of a client of a remote Service. */
  readonly ofClient: "original" | "reply";
}

/** Before the destination is translated. */
const arrivals: CountingPlace = {
  chain: "count_arrivals",
  hook: "prerouting priority mangle",
  direction: "inbound",
  match: "iifname",
  end: "daddr",
  port: "dport",
  map: serviceSets.arriving,
  ofClient: "original",
};

/** After the source is translated. */
const departures: CountingPlace = {
  chain: "count_departures",
  hook: "postrouting priority srcnat + 5",
  direction: "outbound",
  match: "oifname",
  end: "saddr",
  port: "sport",
  map: serviceSets.leaving,
  ofClient: "reply",
};

/**
 * The chains that count packets by the addresses that the partner and the clients of remote Services
 * have. Pairs of networks count by themselves (`network-rules.ts`).
 */
export function countingChains(facts: CountingFacts, hasServices: boolean): string {
  return [arrivals, departures]
    .map((place) =>
      chain(place.chain, [
        `type filter hook ${place.hook}; policy accept;`,
        ...(hasServices ? serviceRules(place, facts) : []),
        ...addressRules(place, facts),
      ]),
    )
    .join("");
}

function serviceRules({ match, end, port, map, ofClient }: CountingPlace, facts: CountingFacts) {
  const { xfrms, device, gateway } = facts;
  const address = `${nftFamily(gateway.family).name} ${end}`;
  const counted = `${address} . meta l4proto . th ${port} vmap @${map}`;
  const own = ownAddress(facts);
  const ofPods =
    own &&
    // Connections to endpoints may have the same port of the gateway as their source.
    `${match} "${device}" ct direction ${ofClient} ${address} ${formatAddress(own)} ${counted}`;
  const ofPartner = `${match} ${xfrms} ${address} @${serviceSets.shown} ${counted}`;
  return ofPods === undefined ? [ofPartner] : [ofPartner, ofPods];
}

function addressRules(
  { match, end, direction }: CountingPlace,
  { nat, xfrms, gateway }: CountingFacts,
): string[] {
  if (nat?.addresses === undefined) return [];
  const address = `${nftFamily(gateway.family).name} ${end} ${rangeText(nat.addresses)}`;
  return [
    `${match} ${xfrms} ${address} counter name "${countedAddresses(nat.addresses)[direction]}"`,
  ];
}
