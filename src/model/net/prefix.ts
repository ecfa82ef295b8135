import { bitsOf, formatAddress, parseAddress, type Address } from "./address.ts";
import type { Interval } from "./overlaps.ts";

/** An address with a prefix length; the host bits may be set, as in `10.0.2.1/24`. */
export interface Prefix {
  readonly address: Address;
  /** Leading bits that name the network. */
  readonly length: number;
}

/** `address/length`; without a length, the whole address counts. */
export function parsePrefix(text: string): Prefix | undefined {
  const [head = "", tail, ...more] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || more.length > 0) return undefined;
  const bits = bitsOf(address.family);
  if (tail === undefined) return { address, length: bits };
  const length = parseLength(tail, bits);
  return length === undefined ? undefined : { address, length };
}

/** A prefix length in decimal, without leading zeros, of at most so many bits. */
export function parseLength(text: string, bits: number): number | undefined {
  const length = /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Infinity;
  return length <= bits ? length : undefined;
}

/** `address/length`, host bits kept. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** The prefix with its host bits cleared. */
export function networkOf(prefix: Prefix): Prefix {
  const { family } = prefix.address;
  return { address: { family, value: firstOf(prefix) }, length: prefix.length };
}

/** True when the prefix has no host bits set. */
export function isNetwork(prefix: Prefix): boolean {
  return firstOf(prefix) === prefix.address.value;
}

export function contains(outer: Prefix, address: Address): boolean {
  if (outer.address.family !== address.family) return false;
  return address.value >= firstOf(outer) && address.value <= lastOf(outer);
}

export function overlap(a: Prefix, b: Prefix): boolean {
  if (a.address.family !== b.address.family) return false;
  return firstOf(a) <= lastOf(b) && firstOf(b) <= lastOf(a);
}

/** The addresses of the prefix's network. */
export function intervalOf(prefix: Prefix): Interval {
  return { family: prefix.address.family, first: firstOf(prefix), last: lastOf(prefix) };
}

/** The single address as a prefix of full length. */
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
