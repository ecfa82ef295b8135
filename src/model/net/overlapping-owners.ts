import { compareIntervals, isWithin, type Interval } from "./overlaps.ts";

/** A network that contains the next ones in the order, with the owners of the enclosing ones. */
interface Open {
  readonly network: Interval;
  /** A bit for each owner of this network or of one that encloses it. */
  readonly owners: bigint;
}

/**
 * Finds the owners whose networks overlap by sorting all networks once. Two networks are disjoint
 * or one contains the other, so each is compared with the stack of those that enclose it only.
 *
 * @param networks the networks of each owner
 * @returns whether two owners, by their indexes in the list, have addresses in common
 */
export function overlappingOwners(
  networks: readonly (readonly Interval[])[],
): (one: number, other: number) => boolean {
  const enclosing = networks.map(() => 0n);
  const open: Open[] = [];
  for (const { network, owner } of sortedNetworks(networks)) {
    while (open.length > 0 && !isWithin(network, (open.at(-1) as Open).network)) open.pop();
    const outerOwners = open.at(-1)?.owners ?? 0n;
    enclosing[owner] = (enclosing[owner] as bigint) | outerOwners;
    open.push({ network, owners: outerOwners | (1n << BigInt(owner)) });
  }
  const isEnclosed = (one: number, other: number) =>
    (((enclosing[one] as bigint) >> BigInt(other)) & 1n) === 1n;
  return (one, other) => isEnclosed(one, other) || isEnclosed(other, one);
}

function sortedNetworks(networks: readonly (readonly Interval[])[]) {
  return networks
    .flatMap((own, owner) => own.map((network) => ({ network, owner })))
    .toSorted((a, b) => compareIntervals(a.network, b.network));
}
