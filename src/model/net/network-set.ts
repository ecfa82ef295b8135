import type { Address } from "./address.ts";
import { compareIntervals, type Interval } from "./overlaps.ts";
import { intervalOf, type Prefix } from "./prefix.ts";

/** A set of networks in which addresses are looked up in logarithmic time. */
export class NetworkSet {
  /** The outermost networks only: two networks are disjoint, or one contains the other. */
  readonly #networks: readonly Interval[];

  constructor(networks: readonly Prefix[]) {
    const outermost: Interval[] = [];
    for (const network of networks.map(intervalOf).toSorted(compareIntervals)) {
      const before = outermost.at(-1);
      if (before?.family !== network.family || network.last > before.last) outermost.push(network);
    }
    this.#networks = outermost;
  }

  /** Whether a network of the set contains the address. */
  has({ family, value }: Address): boolean {
    return this.containsInterval({ family, first: value, last: value });
  }

  /** Whether a single network of the set contains the whole interval. */
  containsInterval({ family, first, last }: Interval): boolean {
    const network = lastNotAfter(this.#networks, { family, value: first });
    return network !== undefined && last <= network.last;
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
