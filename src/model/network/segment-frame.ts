import { bytesOf, type Address } from "../net/address.ts";

/*
 * Expressions of nft's language that match VXLAN datagrams. Offsets are in bits from the UDP header:
 * eight bytes of UDP, eight of VXLAN (RFC 7348), fourteen of Ethernet, then the packet.
 */

/** The MAC addresses of a frame. */
export interface FrameMacs {
  readonly destination: string;
  readonly source: string;
}

/** Matches a datagram of a segment. */
export function vniMatch(vni: number): string {
  return `@th,96,24 0x${vniHex(vni)}`;
}

/** Matches a frame of a segment with both MAC addresses. */
export function frameMatch(vni: number, { destination, source }: FrameMacs): string {
  const macs = `${destination}${source}`.replaceAll(":", "");
  // A reserved byte separates VNI and frame.
  return `@th,96,128 0x${vniHex(vni)}00${macs}`;
}

/** Matches a frame of a segment by its destination and the first bytes of its source. */
export function sourcePrefixMatch(vni: number, destination: string, prefix: Uint8Array): string {
  const macs = `${destination.replaceAll(":", "")}${Buffer.from(prefix).toString("hex")}`;
  return `@th,96,${80 + prefix.length * 8} 0x${vniHex(vni)}00${macs}`;
}

/** Matches a frame of an EtherType. */
export function etherTypeMatch(type: number): string {
  return `@th,224,16 0x${type.toString(16).padStart(4, "0")}`;
}

/** Matches an IPv4 or IPv6 packet by its source address. */
export function packetMatch(source: Address): string {
  const hex = Buffer.from(bytesOf(source)).toString("hex");
  return source.family === 4
    ? `${etherTypeMatch(0x0800)} @th,336,32 0x${hex}`
    : `${etherTypeMatch(0x86dd)} @th,304,128 0x${hex}`;
}

/** Selects four bytes behind the Ethernet header, by their number. */
export function payloadField(index: number): string {
  return `@th,${240 + index * 32},32`;
}

function vniHex(vni: number): string {
  return vni.toString(16).padStart(6, "0");
}
