import { outermostNetworks } from "../net/outermost.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { SelectorMode } from "./schema/ipsec-connection.ts";

/** The networks of one CHILD SA of a child. */
export interface SelectorSet {
  /** The name of its configuration and of its SAs in charon. */
  readonly name: string;
  readonly local: readonly Prefix[];
  readonly remote: readonly Prefix[];
}

/** Separates the key of a child, which cannot contain it, from a pair of networks. */
const separator = "#";

/**
 * The selector sets of a child: one with all networks, or one for each pair of a local and a remote
 * network, whose name has the pair. A list that is empty counts as one network, which charon derives
 * from the addresses of the IKE SA.
 */
export function selectorSets(
  key: string,
  mode: SelectorMode,
  { local, remote }: Pick<SelectorSet, "local" | "remote">,
): readonly SelectorSet[] {
  const pairs = mode === "perPair" ? pairsOf(local, remote) : [];
  if (pairs.length < 2) return [{ name: key, local, remote }];
  return pairs.map((pair) => ({ name: `${key}${separator}${textOf(pair)}`, ...pair }));
}

/** The number of CHILD SAs of a child with a CHILD SA for each pair. */
export function pairCount(local: readonly unknown[], remote: readonly unknown[]): number {
  return Math.max(1, local.length) * Math.max(1, remote.length);
}

/** The key of the child that a CHILD SA belongs to, by the SA's name in charon. */
export function childKeyOf(saName: string): string {
  const at = saName.indexOf(separator);
  return at < 0 ? saName : saName.slice(0, at);
}

function pairsOf(local: readonly Prefix[], remote: readonly Prefix[]) {
  return alone(local).flatMap((ours) =>
    alone(remote).map((theirs) => ({ local: ours, remote: theirs })),
  );
}

function alone(networks: readonly Prefix[]): readonly (readonly Prefix[])[] {
  return networks.length === 0 ? [[]] : outermostNetworks(networks).map((network) => [network]);
}

function textOf({ local, remote }: Pick<SelectorSet, "local" | "remote">): string {
  return `${local.map(formatPrefix).join()}=${remote.map(formatPrefix).join()}`;
}
