import { bitsOf, formatAddress, parseAddress, type Address } from "./address.ts";
import { parseLength, type Prefix } from "./prefix.ts";

/** An entry of a pool: every address from `first` to `last`, with their prefix length. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
  /** The length that the workload's device gets; undefined if the entry has none. */
  readonly prefixLength: number | undefined;
}

/** Parses an entry: `10.0.2.3/24`, `10.0.2.3`, `10.0.2.10-10.0.2.20/24`. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  const ends = slash < 0 ? text : text.slice(0, slash);
  const dash = ends.indexOf("-");
  const first = parseAddress((dash < 0 ? ends : ends.slice(0, dash)).trim());
  const last = dash < 0 ? first : parseAddress(ends.slice(dash + 1).trim());
  if (first === undefined || last === undefined) return undefined;
  if (first.family !== last.family || first.value > last.value) return undefined;
  if (slash < 0) return { first, last, prefixLength: undefined };
  const prefixLength = parseLength(text.slice(slash + 1), bitsOf(first.family));
  return prefixLength === undefined ? undefined : { first, last, prefixLength };
}

/**
 * Finds the first free address of a pool, with its prefix length.
 *
 * @param used addresses in {@link formatAddress}'s notation
 * @param defaultLength the prefix length of entries that have none
 */
export function freeAddress(
  pool: readonly AddressRange[],
  used: ReadonlySet<string>,
  defaultLength: number,
): Prefix | undefined {
  for (const { first, last, prefixLength } of pool) {
    for (let value = first.value; value <= last.value; value++) {
      const address: Address = { family: first.family, value };
      if (!used.has(formatAddress(address))) {
        return { address, length: prefixLength ?? defaultLength };
      }
    }
  }
  return undefined;
}

/** Removes the addresses of another range from the ranges of a pool. */
export function withoutRange(
  pool: readonly AddressRange[],
  removed: Pick<AddressRange, "first" | "last"> | undefined,
): readonly AddressRange[] {
  if (removed === undefined) return pool;
  const { family } = removed.first;
  const [from, to] = [removed.first.value, removed.last.value];
  return pool.flatMap((range) => {
    const { first, last } = range;
    if (first.family !== family || first.value > to || last.value < from) return [range];
    const before = { ...range, last: { family, value: from - 1n } };
    const after = { ...range, first: { family, value: to + 1n } };
    return [before, after].filter((part) => part.first.value <= part.last.value);
  });
}
