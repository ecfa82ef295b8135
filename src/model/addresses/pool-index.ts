import type { Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import type { Child } from "../api/connection.ts";
import { lastNotAfter } from "../net/network-set.ts";
import { compareIntervals, type Interval } from "../net/overlaps.ts";

/** A range of a child's pools. */
export interface PoolRange extends Interval {
  readonly pool: string;
  readonly range: AddressRange;
}

const sortedRanges = new WeakMap<Child["pools"], readonly PoolRange[]>();

/**
 * The range of a valid child's pools that has the address, found in logarithmic time: an
 * address belongs to one pool.
 */
export function poolRangeOf({ pools }: Pick<Child, "pools">, address: Address) {
  const sorted = sortedRanges.get(pools) ?? sortedRangesOf(pools);
  sortedRanges.set(pools, sorted);
  const found = lastNotAfter(sorted, address);
  return found !== undefined && address.value <= found.last ? found : undefined;
}

/** Whether the address is one of the pool's. */
export function isOfPool(child: Pick<Child, "pools">, pool: string, address: Address): boolean {
  return poolRangeOf(child, address)?.pool === pool;
}

function sortedRangesOf(pools: Child["pools"]): PoolRange[] {
  return [...pools]
    .flatMap(([pool, ranges]) =>
      ranges.map((range): PoolRange => {
        const { first, last } = range;
        return { family: first.family, first: first.value, last: last.value, pool, range };
      }),
    )
    .toSorted(compareIntervals);
}
