import type { Address } from "./address.ts";
import { compareIntervals, type Interval } from "./overlaps.ts";
import { intervalOf, type Prefix } from "./prefix.ts";

/** A set of networks in which addresses are looked up in logarithmic time. */
export class NetworkSet {
  /** Disjoint, with other addresses between any two of them. */
  readonly #intervals: readonly Interval[];

  constructor(networks: readonly Prefix[]) {
    const intervals: Interval[] = [];
    for (const network of networks.map(intervalOf).toSorted(compareIntervals)) {
      const before = intervals.at(-1);
      if (before?.family !== network.family || network.first > before.last + 1n)
        intervals.push(network);
      else if (network.last > before.last)
        intervals[intervals.length - 1] = { ...before, last: network.last };
    }
    this.#intervals = intervals;
  }

  /** Whether a network of the set contains the address. */
  has({ family, value }: Address): boolean {
    return this.containsInterval({ family, first: value, last: value });
  }

  /** Whether the networks of the set together contain the whole interval. */
  containsInterval({ family, first, last }: Interval): boolean {
    const interval = lastNotAfter(this.#intervals, { family, value: first });
    return interval !== undefined && last <= interval.last;
  }
}

/** Finds the last of sorted intervals that begins at or before an address of its family. */
export function lastNotAfter<T extends Interval>(
  sorted: readonly T[],
  { family, value }: Address,
): T | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = sorted[middle] as T;
    const isAfter =
      candidate.family === family ? candidate.first > value : candidate.family > family;
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  const found = sorted[low - 1];
  return found?.family === family ? found : undefined;
}
