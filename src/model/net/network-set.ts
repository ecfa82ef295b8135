import type { Address } from "./address.ts";
import { compareIntervals, type Interval } from "./overlaps.ts";
import { intervalOf, type Prefix } from "./prefix.ts";

/** Networks by which addresses are looked up in logarithmic time. */
export class NetworkSet {
  /** Without those inside of others: two networks are disjoint, or one holds the other. */
  readonly #networks: readonly Interval[];

  constructor(networks: readonly Prefix[]) {
    const outermost: Interval[] = [];
    for (const network of networks.map(intervalOf).toSorted(compareIntervals)) {
      const before = outermost.at(-1);
      if (before?.family !== network.family || network.last > before.last) outermost.push(network);
    }
    this.#networks = outermost;
  }

  has({ family, value }: Address): boolean {
    return this.holds({ family, first: value, last: value });
  }

  /** True where a single network has all addresses of the interval. */
  holds({ family, first, last }: Interval): boolean {
    const network = lastNotAfter(this.#networks, { family, value: first });
    return network !== undefined && last <= network.last;
  }
}

/** The last of sorted intervals that begins at the address or before it, in its family. */
export function lastNotAfter<T extends Interval>(
  sorted: readonly T[],
  { family, value }: Address,
): T | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { family: its, first } = sorted[middle] as T;
    const isAfter = its === family ? first > value : its > family;
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  const found = sorted[low - 1];
  return found?.family === family ? found : undefined;
}
