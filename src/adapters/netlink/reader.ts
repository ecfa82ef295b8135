import { addressFromBytes, type Address } from "../../model/net/address.ts";
import { Nl } from "../linux/constants.ts";

/** A message as the kernel sent it. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The bytes behind the netlink header. */
  readonly body: Buffer;
}

const headerBytes = 16;

/** Reads the messages of a datagram; a message that is cut short is left out. */
export function* messagesIn(bytes: Buffer): Generator<NetlinkMessage, void> {
  let at = 0;
  while (at + headerBytes <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    if (size < headerBytes || at + size > bytes.length) return;
    yield {
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      body: bytes.subarray(at + headerBytes, at + size),
    };
    at += align(size);
  }
}

/** Reads attributes by type; the last one of a type counts. `from` is the size of the fixed header. */
export function attributesIn(bytes: Buffer, from = 0): Map<number, Buffer> {
  return new Map(attributeList(bytes, from));
}

/** Reads attributes in their order, for lists in which all have the same type. */
export function attributeList(bytes: Buffer, from = 0): (readonly [number, Buffer])[] {
  const attributes: (readonly [number, Buffer])[] = [];
  let at = align(from);
  while (at + 4 <= bytes.length) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > bytes.length) break;
    const type = bytes.readUInt16LE(at + 2) & Nl.typeMask;
    attributes.push([type, bytes.subarray(at + 4, at + size)]);
    at += align(size);
  }
  return attributes;
}

/** Reads text up to its zero byte. */
export function textOf(bytes: Buffer | undefined): string {
  if (bytes === undefined) return "";
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** Reads a number in host byte order. */
export function u32Of(bytes: Buffer | undefined): number | undefined {
  return bytes === undefined || bytes.length < 4 ? undefined : bytes.readUInt32LE(0);
}

/** Reads a number in network byte order. */
export function u16BeOf(bytes: Buffer | undefined): number | undefined {
  return bytes === undefined || bytes.length < 2 ? undefined : bytes.readUInt16BE(0);
}

/** Reads a number of four bytes in network byte order. */
export function u32BeOf(bytes: Buffer | undefined): number | undefined {
  return bytes === undefined || bytes.length < 4 ? undefined : bytes.readUInt32BE(0);
}

/** Reads a number of eight bytes in network byte order. */
export function u64BeOf(bytes: Buffer | undefined): bigint | undefined {
  return bytes === undefined || bytes.length < 8 ? undefined : bytes.readBigUInt64BE(0);
}

/** Reads an IPv4 or IPv6 address; undefined for bytes of another length. */
export function addressOf(bytes: Buffer | undefined): Address | undefined {
  return bytes?.length === 4 || bytes?.length === 16 ? addressFromBytes(bytes) : undefined;
}

function align(size: number): number {
  return (size + 3) & ~3;
}
