import type { Family } from "../../model/net/address.ts";
import { checksum } from "../../model/net/checksum.ts";

/** An ICMP echo request or reply (RFC 792, RFC 4443). */
export interface Echo {
  readonly identifier: number;
  readonly sequence: number;
  /** Bytes after the header of 8. */
  readonly payloadBytes: number;
}

export const icmpHeaderBytes = 8;

// Types of the messages, by family.
const request: Record<Family, number> = { 4: 8, 6: 128 };
const reply: Record<Family, number> = { 4: 0, 6: 129 };

/** Encodes a request. The kernel adds ICMPv6's checksum, which covers addresses that it chooses. */
export function encodeEchoRequest(family: Family, echo: Echo): Buffer {
  const message = Buffer.alloc(icmpHeaderBytes + echo.payloadBytes);
  message.writeUInt8(request[family], 0);
  message.writeUInt16BE(echo.identifier, 4);
  message.writeUInt16BE(echo.sequence, 6);
  if (family === 4) message.writeUInt16BE(checksum(message), 2);
  return message;
}

/**
 * Decodes a reply as a raw socket receives it: with the IP header for IPv4, without for IPv6.
 * Undefined for any other message.
 */
export function decodeEchoReply(family: Family, packet: Buffer): Echo | undefined {
  const headerBytes = family === 4 ? ((packet[0] ?? 0) & 0xf) * 4 : 0;
  const message = packet.subarray(headerBytes);
  if (message.length < icmpHeaderBytes || message[0] !== reply[family]) return undefined;
  return {
    identifier: message.readUInt16BE(4),
    sequence: message.readUInt16BE(6),
    payloadBytes: message.length - icmpHeaderBytes,
  };
}
