import { formatAddress, type Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import { contains, formatPrefix, networkOf, overlap, type Prefix } from "../net/prefix.ts";
import { memo } from "../value/memo.ts";
import { withoutNetworks } from "../net/without-networks.ts";

/** Two networks of the same length: a host has the same last part of its address in both. */
export interface NetworkPair {
  /** The network where the hosts are. */
  readonly actual: Prefix;
  /** The network by which the other side knows them. */
  readonly seen: Prefix;
}

/** The addresses of a child that its gateway translates. */
export interface ChildNat {
  /** The addresses that the partner sees in place of all workers. */
  readonly addresses: Pick<AddressRange, "first" | "last"> | undefined;
  /** The networks of workers that the partner sees under other addresses. */
  readonly local: readonly NetworkPair[];
  /** The networks of the partner that workers know under other addresses. */
  readonly remote: readonly NetworkPair[];
}

/** The same networks of the partner as workers know them. */
export function remoteAsSeen(
  networks: readonly Prefix[],
  nat: Pick<ChildNat, "remote"> | undefined,
): readonly Prefix[] {
  const { remote = [] } = nat ?? {};
  if (remote.length === 0) return networks;
  const kept = networks.flatMap((network) =>
    withoutNetworks(
      network,
      remote.map(({ actual }) => actual),
    ),
  );
  return [...kept, ...remote.map(({ seen }) => seen)];
}

/** The parts of a child that decide which networks are on the wire. */
interface TranslatedSelectors {
  readonly nat?: ChildNat | undefined;
  readonly localSelectors: readonly Prefix[];
  readonly remoteSelectors: readonly Prefix[];
}

/**
 * The networks of a child's selectors as workers know them, as text: those of this side, and those of the
 * partner. Undefined if they are the same, or charon chooses those of this side.
 */
export function selectorsAsKnown(child: TranslatedSelectors): string | undefined {
  return child.nat === undefined ? undefined : textAsKnown(child);
}

const textAsKnown = memo(({ nat, localSelectors, remoteSelectors }: TranslatedSelectors) => {
  if (nat === undefined || localSelectors.length === 0) return undefined;
  const swapped = nat.remote.map(({ actual, seen }) => ({ actual: seen, seen: actual }));
  const local = nat.addresses === undefined ? asKnown(localSelectors, nat.local) : ["all workers"];
  return `${local.join(" ")} with ${asKnown(remoteSelectors, swapped).join(" ")}`;
});

/** The `actual` networks in place of the `seen` ones. */
function asKnown(networks: readonly Prefix[], pairs: readonly NetworkPair[]): string[] {
  const seen = pairs.map((pair) => pair.seen);
  const known = networks.flatMap((network) => [
    ...withoutNetworks(networkOf(network), seen),
    ...pairs
      .filter((pair) => overlap(network, pair.seen))
      .map((pair): Prefix => {
        const common = network.length > pair.seen.length ? networkOf(network) : pair.seen;
        return { ...common, address: translated(common.address, pair.seen, pair.actual) };
      }),
  ]);
  return known.map(formatPrefix);
}

/** The address that the partner has for a host that workers know by another one. */
export function actualRemote(address: Address, nat: Pick<ChildNat, "remote"> | undefined): Address {
  const pair = nat?.remote.find(({ seen }) => contains(seen, address));
  return pair === undefined ? address : translated(address, pair.seen, pair.actual);
}

/** The address that the partner sees for an address of this side; undefined if any of several. */
export function seenLocal(address: Address, nat: ChildNat | undefined): Address | undefined {
  if (nat?.addresses !== undefined) {
    const { first, last } = nat.addresses;
    return first.value === last.value ? first : undefined;
  }
  const pair = nat?.local.find(({ actual }) => contains(actual, address));
  return pair === undefined ? address : translated(address, pair.actual, pair.seen);
}

function translated({ family, value }: Address, from: Prefix, to: Prefix): Address {
  const host = value - networkOf(from).address.value;
  return { family, value: to.address.value + host };
}

const none: readonly string[] = [];

/** Formats the translation of a child, a line for each rule. */
export function natLines({ nat }: { readonly nat?: ChildNat | undefined }): readonly string[] {
  return nat === undefined ? none : linesOf(nat);
}

const linesOf = memo(({ addresses, local, remote }: ChildNat): readonly string[] => {
  const text = ({ actual, seen }: NetworkPair) =>
    `${formatPrefix(actual)} as ${formatPrefix(seen)}`;
  return [
    ...(addresses === undefined ? [] : [`the partner sees workers as ${rangeText(addresses)}`]),
    ...local.map((pair) => `the partner sees ${text(pair)}`),
    ...remote.map((pair) => `workers see ${text(pair)}`),
  ];
});

/** Formats a range, or its single address. */
export function rangeText({ first, last }: Pick<AddressRange, "first" | "last">): string {
  const texts = first.value === last.value ? [first] : [first, last];
  return texts.map(formatAddress).join("-");
}
