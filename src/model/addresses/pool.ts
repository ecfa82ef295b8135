import type { Child } from "../api/connection.ts";
import type { Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import { lastNotAfter } from "../net/network-set.ts";
import { compareIntervals, type Interval } from "../net/overlaps.ts";
import type { Prefix } from "../net/prefix.ts";

/** A range of a child's pools. */
export interface PoolRange extends Interval {
  readonly pool: string;
  readonly range: AddressRange;
}

/** The part of a child that its addresses depend on. */
export type PooledChild = Pick<Child, "key" | "xfrmIp" | "vxlanIp" | "pools">;

const sortedRanges = new WeakMap<Child["pools"], readonly PoolRange[]>();

/**
 * Finds the range that holds an address, in logarithmic time: in a valid child, each address
 * belongs to at most one pool.
 */
export function poolRangeOf({ pools }: Pick<Child, "pools">, address: Address) {
  const sorted = sortedRanges.get(pools) ?? sortedRangesOf(pools);
  sortedRanges.set(pools, sorted);
  const found = lastNotAfter(sorted, address);
  return found !== undefined && address.value <= found.last ? found : undefined;
}

/** Whether a pool holds an address. */
export function isOfPool(child: Pick<Child, "pools">, pool: string, address: Address): boolean {
  return poolRangeOf(child, address)?.pool === pool;
}

/** How many addresses a pool has. */
export function poolSize(child: PooledChild, pool: string): bigint {
  return rangesOf(child, pool).reduce((sum, range) => sum + sizeOf(range), 0n);
}

/** The addresses of a pool in their order, without the first `skipped`. */
export function* addressesOfPool(
  child: PooledChild,
  pool: string,
  skipped = 0n,
): Generator<Prefix> {
  let left = skipped;
  for (const range of rangesOf(child, pool)) {
    const size = sizeOf(range);
    const skip = left < size ? left : size;
    left -= skip;
    for (let index = skip; index < size; index++) yield addressAt(child, range, index);
  }
}

/** The n-th address of a pool, from 0; undefined if the pool has fewer. */
export function nthOfPool(child: PooledChild, pool: string, n: number): Prefix | undefined {
  let index = BigInt(n);
  for (const range of rangesOf(child, pool)) {
    const size = sizeOf(range);
    if (index < size) return addressAt(child, range, index);
    index -= size;
  }
  return undefined;
}

/** The prefix length of a range's addresses: its own, or that of the child's segment. */
export function prefixLengthOf(child: PooledChild, { prefixLength }: AddressRange): number {
  return prefixLength ?? child.vxlanIp.length;
}

function rangesOf(child: PooledChild, pool: string): readonly AddressRange[] {
  return child.pools.get(pool) ?? [];
}

function sizeOf({ first, last }: AddressRange): bigint {
  return last.value - first.value + 1n;
}

function addressAt(child: PooledChild, range: AddressRange, index: bigint): Prefix {
  const { family, value } = range.first;
  return { address: { family, value: value + index }, length: prefixLengthOf(child, range) };
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
