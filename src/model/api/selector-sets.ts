import { outermostNetworks } from "../net/outermost.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { SelectorMode } from "./schema/child.ts";

/** The networks of one CHILD SA of a child. */
export interface SelectorSet {
  /** The name of its configuration and of its SAs in charon. */
  readonly name: string;
  readonly local: readonly Prefix[];
  readonly remote: readonly Prefix[];
}

/** Separates the key of a child, which cannot contain it, from a pair of networks. */
const separator = "#";

/** The maximum number of CHILD SAs of a child. */
export const mostPairs = 64;

/** The networks of the CHILD SAs of a child. */
export interface ChildSelectors {
  readonly selectorSets: readonly SelectorSet[];
  /** Replace {@link selectorSets} if the peer accepts one pair; empty if the manifest decides. */
  readonly pairSets: readonly SelectorSet[];
}

/**
 * The selector sets of a child: one with all networks, or one for each pair of a local and a remote
 * network, whose name has the pair. A list that is empty counts as one network, which charon derives
 * from the addresses of the IKE SA.
 */
export function childSelectors(
  key: string,
  mode: SelectorMode,
  networks: Pick<SelectorSet, "local" | "remote">,
): ChildSelectors {
  const together = [{ name: key, ...networks }];
  const { local, remote } = networks;
  const pairs = mode === "together" ? [] : pairsOf(local, remote);
  if (pairs.length < 2) return { selectorSets: together, pairSets: [] };
  const sets = pairs.map((pair) => ({ name: `${key}${separator}${textOf(pair)}`, ...pair }));
  if (mode === "perPair") return { selectorSets: sets, pairSets: [] };
  return { selectorSets: together, pairSets: sets.length > mostPairs ? [] : sets };
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
  const all = alone(local).flatMap((ours) =>
    alone(remote).map((theirs) => ({ local: ours, remote: theirs })),
  );
  return all.filter(({ local: [ours], remote: [theirs] }) => {
    const isMixed = ours && theirs && ours.address.family !== theirs.address.family;
    return isMixed !== true;
  });
}

function alone(networks: readonly Prefix[]): readonly (readonly Prefix[])[] {
  return networks.length === 0 ? [[]] : outermostNetworks(networks).map((network) => [network]);
}

function textOf({ local, remote }: Pick<SelectorSet, "local" | "remote">): string {
  return `${local.map(formatPrefix).join()}=${remote.map(formatPrefix).join()}`;
}
