/** 4 for IPv4, 6 for IPv6. */
export type Family = 4 | 6;

/** An IP address as a number, most significant byte first. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** The number of bits of an address. */
export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Parses an address in dotted or colon notation, without prefix length or zone. */
export function parseAddress(text: string): Address | undefined {
  const value = text.includes(":") ? parseV6(text) : parseV4(text);
  if (value === undefined) return undefined;
  return { family: text.includes(":") ? 6 : 4, value };
}

/** Formats an address: dotted for IPv4, by RFC 5952 for IPv6. */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatV4(Number(address.value)) : formatV6(bytesOf(address));
}

/** Encodes an address in network byte order: 4 or 16 bytes. */
export function bytesOf(address: Address): Uint8Array {
  const size = bitsOf(address.family) / 8;
  const bytes = new Uint8Array(size);
  let rest = address.value;
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Decodes an address from 4 or 16 bytes in network byte order. */
export function addressFromBytes(bytes: Uint8Array): Address {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return { family: bytes.length === 4 ? 4 : 6, value };
}

/** Whether two addresses are the same. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}

/** The order of addresses: by family, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.value === b.value) return 0;
  return a.value < b.value ? -1 : 1;
}

const dot = 0x2e;
const zero = 0x30;

/** A manifest may have tens of thousands of addresses: no array, no regular expression. */
function parseV4(text: string): bigint | undefined {
  let value = 0;
  let octet = -1;
  let octets = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) {
      if (octet < 0 || ++octets > 4) return undefined;
      value = value * 256 + octet;
      octet = -1;
    } else {
      const digit = code - zero;
      // Some programs would read an octal number after a leading zero.
      if (digit < 0 || digit > 9 || octet === 0) return undefined;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    }
  }
  return octets === 4 && octet >= 0 ? BigInt(value * 256 + octet) : undefined;
}

function parseV6(text: string): bigint | undefined {
  const halves = withHexTail(text).split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] as string);
  const tail = groups(halves[1] ?? "");
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array<number>(missing).fill(0), ...tail]) {
    value = (value << 16n) | BigInt(group);
  }
  return value;
}

/** Rewrites the last 32 bits of `::ffff:192.0.2.1` as two groups. */
function withHexTail(text: string): string {
  const at = text.lastIndexOf(":") + 1;
  const tail = text.slice(at);
  if (!tail.includes(".")) return text;
  const value = parseV4(tail);
  if (value === undefined) return "invalid";
  return `${text.slice(0, at)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  return parts.map((part) => Number.parseInt(part, 16));
}

/** A search of a pool formats thousands of addresses: no bigint, no array. */
function formatV4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatV6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number)).toString(16),
  );
  const [start, length] = longestZeroRun(words);
  if (length < 2) return words.join(":");
  return `${words.slice(0, start).join(":")}::${words.slice(start + length).join(":")}`;
}

function longestZeroRun(words: readonly string[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === "0") length++;
    if (length > best[1]) best = [start, length];
  }
  return best;
}
