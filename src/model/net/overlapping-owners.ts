import { compareIntervals, isWithin, type Interval } from "./overlaps.ts";

/** A network that holds those that follow it in the order, and who has one of these. */
interface Open {
  readonly network: Interval;
  /** A bit for each owner of this network or of one around it. */
  readonly owners: bigint;
}

/**
 * Which owners have networks that overlap, from all networks sorted once. Two networks are
 * disjoint or one holds the other, so a stack of those that are open is all there is to compare.
 *
 * @param networks the networks of each owner
 * @returns whether two owners, by their places in the list, have addresses in common
 */
export function overlappingOwners(
  networks: readonly (readonly Interval[])[],
): (one: number, other: number) => boolean {
  const around = networks.map(() => 0n);
  const open: Open[] = [];
  for (const { network, owner } of sortedNetworks(networks)) {
    while (open.length > 0 && !isWithin(network, (open.at(-1) as Open).network)) open.pop();
    const outer = open.at(-1)?.owners ?? 0n;
    around[owner] = (around[owner] as bigint) | outer;
    open.push({ network, owners: outer | (1n << BigInt(owner)) });
  }
  const hasAround = (one: number, other: number) =>
    (((around[one] as bigint) >> BigInt(other)) & 1n) === 1n;
  return (one, other) => hasAround(one, other) || hasAround(other, one);
}

function sortedNetworks(networks: readonly (readonly Interval[])[]) {
  return networks
    .flatMap((own, owner) => own.map((network) => ({ network, owner })))
    .toSorted((a, b) => compareIntervals(a.network, b.network));
}
