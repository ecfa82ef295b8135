import { bitsOf, formatAddress, parseAddress, type Address } from "./address.ts";
import type { Prefix } from "./prefix.ts";

/** One entry of a pool: every address from `first` to `last`, with their prefix length. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
  /** Given to the workload's device; undefined where the entry does not say. */
  readonly prefixLength: number | undefined;
}

/** `10.0.2.3/24`, `10.0.2.3`, `10.0.2.10-10.0.2.20/24`. */
export function parseRange(text: string): AddressRange | undefined {
  const match = /^([^-/]+)(?:-([^-/]+))?(?:\/(0|[1-9]\d{0,2}))?$/.exec(text);
  if (match === null) return undefined;
  const first = parseAddress((match[1] as string).trim());
  const last = match[2] === undefined ? first : parseAddress(match[2].trim());
  if (first === undefined || last === undefined) return undefined;
  if (first.family !== last.family || first.value > last.value) return undefined;
  const prefixLength = match[3] === undefined ? undefined : Number(match[3]);
  if (prefixLength !== undefined && prefixLength > bitsOf(first.family)) return undefined;
  return { first, last, prefixLength };
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  if (a.first.family !== b.first.family) return false;
  return a.first.value <= b.last.value && b.first.value <= a.last.value;
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  if (range.first.family !== address.family) return false;
  return range.first.value <= address.value && address.value <= range.last.value;
}

/**
 * The first address of the pool that nobody has, with its prefix length.
 *
 * @param used addresses in {@link formatAddress}'s notation
 * @param defaultLength the prefix length of entries that name none
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
