import { bitsOf, formatAddress, parseAddress, type Address } from "./address.ts";
import type { Interval } from "./overlaps.ts";

/** An address with a prefix length; host bits may be set, as in `10.0.2.1/24`. */
export interface Prefix {
  readonly address: Address;
  /** The number of leading bits that identify the network. */
  readonly length: number;
}

/** Parses `address/length`; without a length, it is that of the whole address. */
export function parsePrefix(text: string): Prefix | undefined {
  const [head = "", tail, ...more] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || more.length > 0) return undefined;
  const bits = bitsOf(address.family);
  if (tail === undefined) return { address, length: bits };
  const length = parseLength(tail, bits);
  return length === undefined ? undefined : { address, length };
}

/** Parses a prefix length in decimal, without leading zeros, of at most `bits`. */
export function parseLength(text: string, bits: number): number | undefined {
  const length = /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Infinity;
  return length <= bits ? length : undefined;
}

/** Formats `address/length`; host bits are kept. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** Clears the host bits of a prefix. */
export function networkOf(prefix: Prefix): Prefix {
  const { family } = prefix.address;
  return { address: { family, value: firstOf(prefix) }, length: prefix.length };
}

/** Whether a prefix has no host bits set. */
export function isNetwork(prefix: Prefix): boolean {
  return firstOf(prefix) === prefix.address.value;
}

/** Whether all host bits of a prefix are set, as in the broadcast address of an IPv4 network. */
export function isLast(prefix: Prefix): boolean {
  return lastOf(prefix) === prefix.address.value;
}

/** Whether a prefix's network contains an address. */
export function contains(outer: Prefix, address: Address): boolean {
  if (outer.address.family !== address.family) return false;
  return address.value >= firstOf(outer) && address.value <= lastOf(outer);
}

/** Whether the networks of two prefixes have addresses in common. */
export function overlap(a: Prefix, b: Prefix): boolean {
  if (a.address.family !== b.address.family) return false;
  return firstOf(a) <= lastOf(b) && firstOf(b) <= lastOf(a);
}

/** All addresses of a prefix's network. */
export function intervalOf(prefix: Prefix): Interval {
  return { family: prefix.address.family, first: firstOf(prefix), last: lastOf(prefix) };
}

/** A prefix that contains a single address. */
export function hostPrefix(address: Address): Prefix {
  return { address, length: bitsOf(address.family) };
}

function hostMask(prefix: Prefix): bigint {
  return (1n << BigInt(bitsOf(prefix.address.family) - prefix.length)) - 1n;
}

function firstOf(prefix: Prefix): bigint {
  return prefix.address.value & ~hostMask(prefix);
}

function lastOf(prefix: Prefix): bigint {
  return prefix.address.value | hostMask(prefix);
}
