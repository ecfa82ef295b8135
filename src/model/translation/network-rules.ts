import { bitsOf, formatAddress, type Family } from "../net/address.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { TrafficDirection } from "../rules/counting-plan.ts";
import { nftFamily } from "../rules/nft-family.ts";
import { adderChains, chain, correctionJumps, directed } from "./checksum-rules.ts";
import type { ChildNat, NetworkPair } from "./child-nat.ts";
import { countedPair, type NatField } from "./counted-subject.ts";

/** The input of the translation of networks. */
export interface NetworkRulesFacts {
  readonly nat: Pick<ChildNat, "local" | "remote">;
  readonly family: Family;
  /** An expression for the devices of the tunnels. */
  readonly xfrms: string;
}

/** A network that another one replaces. */
interface Replacement {
  readonly from: Prefix;
  readonly to: Prefix;
  /** The counter of the packets in which it does. */
  readonly counter: string;
}

/** The offsets in an ICMP error, in bits: of the addresses that it quotes, and of the checksum to correct. */
const quoted = {
  // The checksum of the quoted header. That of the message stays: the header's share in it is unchanged.
  4: { saddr: 160, daddr: 192, checksum: "@th,144,16" },
  // IPv6 has no checksum of its own: the message's.
  6: { saddr: 128, daddr: 256, checksum: "@th,16,16" },
} as const;

/** The errors that quote a packet: unreachable, source quench, time exceeded, parameter problem; too big. */
const errors = { 4: "icmp type { 3, 4, 11, 12 }", 6: "icmpv6 type { 1, 2, 3, 4 }" } as const;

/**
 * Plans the translation of networks, one to one, between the tunnel and the inside. Everything inside
 * (routes, filter, connection tracking, ICMP errors of the gateway) has the addresses that workers know:
 * packets are translated as they enter from the tunnel, before anything else, and last before they
 * leave. Both sides may therefore use the same network.
 *
 * It keeps no state, so that connections stay when another gateway takes over, and costs no connection
 * tracking. NAT of connections would translate the destination before the packet is routed, and the
 * destination might be an address that a worker has. nftables corrects the checksums of packets by itself,
 * but not those in the packet that an ICMP error quotes (`checksum-rules.ts`). The checksums of a quoted
 * TCP or UDP header stay as they are: no receiver can verify them, since the quote is cut.
 */
export function networkRules({ nat, family, xfrms }: NetworkRulesFacts): string {
  const { name } = nftFamily(family);
  const inward = {
    saddr: replacements("remote", nat.remote, "inbound"),
    daddr: replacements("source", nat.local, "inbound"),
  };
  const outward = {
    saddr: replacements("source", nat.local, "outbound"),
    daddr: replacements("remote", nat.remote, "outbound"),
  };
  const replaced = [...inward.saddr, ...inward.daddr, ...outward.saddr, ...outward.daddr];
  const ends = replaced.map(({ from, to }) => ({ from: from.address, to: to.address }));
  // Hosts of the partner have their actual addresses: others would look like hosts that they are not.
  const forged = inward.saddr.map(({ to }) => `${name} saddr ${formatPrefix(to)} drop`);
  return [
    direction("inward", "prerouting priority raw", `iifname ${xfrms}`, {
      ...inward,
      family,
      forged,
    }),
    direction("outward", "postrouting priority srcnat + 10", `oifname ${xfrms}`, {
      ...outward,
      family,
      forged: [],
    }),
    reports(nat, family, xfrms),
    adderChains(ends, quoted[family].checksum),
  ].join("");
}

/** The replacements of a field's pairs in packets of one direction. */
function replacements(
  field: NatField,
  pairs: readonly NetworkPair[],
  direction: TrafficDirection,
): Replacement[] {
  // The partner sees networks of workers, and workers those of the partner.
  const isSeen = (field === "source") === (direction === "outbound");
  return directed(pairs, isSeen ? "seen" : "actual").map((pair, i) => ({
    ...pair,
    counter: countedPair(field, pairs[i] as NetworkPair)[direction],
  }));
}

/**
 * An xfrm interface reports packets that are too big for the path after they were translated. Such an
 * error of the gateway goes back to the worker, by a route that leads the translated addresses to the segment.
 * Connection tracking comes next: it knows the connection of a packet that waited, untracked, by the quote alone.
 */
function reports(
  { local, remote }: NetworkRulesFacts["nat"],
  family: Family,
  xfrms: string,
): string {
  const match = `oifname != ${xfrms} ${errors[family]}`;
  const chains = [
    ...(local.length > 0 ? ["inward_quoted_saddr", "inward_daddr"] : []),
    ...(remote.length > 0 ? ["inward_quoted_daddr"] : []),
  ];
  return chain("reports", [
    "type route hook output priority raw; policy accept;",
    ...chains.map((name) => `${match} jump ${name}`),
  ]);
}

interface NetworkDirection extends Readonly<Record<"saddr" | "daddr", readonly Replacement[]>> {
  readonly family: Family;
  /** Rules for the sources that are not replaced. */
  readonly forged: readonly string[];
}

/** The chains for packets of one direction. Each address of a packet is replaced at most once. */
function direction(name: string, hook: string, device: string, facts: NetworkDirection): string {
  const { family, saddr, daddr, forged } = facts;
  // A quoted packet went the other way: its source is the destination of the error.
  const parts = [
    ["quoted_saddr", daddr, true],
    ["quoted_daddr", saddr, true],
    ["saddr", saddr, false],
    ["daddr", daddr, false],
  ] as const;
  const used = parts.filter(([, pairs]) => pairs.length > 0);
  const jumps = used.map(([part, , isQuoted]) => {
    const match = isQuoted ? `${errors[family]} ` : "";
    return `${device} ${match}jump ${name}_${part}`;
  });
  return [
    ...used.map(([part, pairs, isQuoted]) =>
      isQuoted
        ? quotedChains(
            `${name}_${part}`,
            part === "quoted_saddr" ? "saddr" : "daddr",
            pairs,
            family,
          )
        : chain(`${name}_${part}`, [
            ...pairs.map((pair) => replacement(part as "saddr" | "daddr", pair)),
            ...(part === "saddr" ? forged : []),
          ]),
    ),
    chain(name, [`type filter hook ${hook}; policy accept;`, ...jumps]),
  ].join("");
}

/** The rule that replaces the network of an address; the checksums of the packet follow. */
function replacement(field: "saddr" | "daddr", { from, to, counter }: Replacement): string {
  const { name } = nftFamily(from.address.family);
  const own = `${name} ${field}`;
  const { family } = to.address;
  const host = { family, value: (1n << BigInt(bitsOf(family) - to.length)) - 1n };
  const set = `${own} set ${own} & ${formatAddress(host)} | ${formatAddress(to.address)}`;
  return `${own} ${formatPrefix(from)} counter name "${counter}" ${set} return`;
}

/** The chains that replace the network of a quoted address. */
function quotedChains(
  name: string,
  field: "saddr" | "daddr",
  pairs: readonly Replacement[],
  family: Family,
): string {
  const offset = quoted[family][field];
  const raw = ({ length }: Prefix) => `@th,${offset},${length}`;
  const chains = pairs.map(({ from, to }, i) =>
    chain(`${name}_${i}`, [
      `${raw(to)} set ${networkBits(to)}`,
      ...correctionJumps(from.address, to.address),
    ]),
  );
  const matches = pairs.map(
    ({ from }, i) => `${raw(from)} == ${networkBits(from)} goto ${name}_${i}`,
  );
  return [...chains, chain(name, matches)].join("");
}

/** The leading bits of a network as a number. */
function networkBits({ address: { family, value }, length }: Prefix): string {
  return `0x${(value >> BigInt(bitsOf(family) - length)).toString(16)}`;
}
