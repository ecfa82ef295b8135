import { formatAddress, type Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import { contains, formatPrefix, networkOf, type Prefix } from "../net/prefix.ts";
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
