import { bytesOf, type Address } from "../../src/model/net/address.ts";
import { macBytes } from "../../src/model/net/mac.ts";

/** An Ethernet frame in a segment. */
export interface Frame {
  readonly vni: number;
  readonly destination: string;
  readonly source: string;
  readonly type: number;
  readonly payload: Buffer;
}

/** The payload of a UDP datagram that a VXLAN device accepts as a frame (RFC 7348). */
export function vxlanDatagram(
  content: Frame | { readonly vni: number; readonly frame: Buffer },
): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x08, 0);
  header.writeUIntBE(content.vni, 4, 3);
  return Buffer.concat([header, "frame" in content ? content.frame : ethernet(content)]);
}

export function ethernet({ destination, source, type, payload }: Omit<Frame, "vni">): Buffer {
  const etherType = Buffer.alloc(2);
  etherType.writeUInt16BE(type);
  return Buffer.concat([macBytes(destination), macBytes(source), etherType, payload]);
}

/** An IPv4 packet with an echo request. */
export function icmpEcho(source: Address, destination: Address): Buffer {
  const message = Buffer.alloc(16);
  message.writeUInt8(8, 0);
  message.writeUInt16BE(checksum(message), 2);
  return ipv4(1, source, destination, message);
}

/** An ARP request as long as {@link udpPacket}. */
export function arpRequest(sender: { mac: string; address: Address }, target: Address): Buffer {
  const request = Buffer.alloc(udpPacketBytes);
  request.set([0, 1, 0x08, 0, 6, 4, 0, 1]);
  request.set(macBytes(sender.mac), 8);
  request.set(bytesOf(sender.address), 14);
  request.set(bytesOf(target), 24);
  return request;
}

const udpPacketBytes = 40;

/** An IPv4 packet with a UDP datagram to port 9000. */
export function udpPacket(source: Address, destination: Address): Buffer {
  const datagram = Buffer.alloc(20);
  datagram.writeUInt16BE(4_444, 0);
  datagram.writeUInt16BE(9_000, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  return ipv4(17, source, destination, datagram);
}

function ipv4(protocol: number, source: Address, destination: Address, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.set(bytesOf(source), 12);
  header.set(bytesOf(destination), 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

const destinationOptions = 60;

/**
 * A UDP datagram over IPv6 after extension headers of eight bytes each, in two fragments. The first
 * fragment has `cut` bytes, a multiple of eight.
 */
export function fragments(
  source: Address,
  destination: Address,
  port: number,
  payload: Buffer,
  { cut, extensions = 0 }: { readonly cut: number; readonly extensions?: number },
): Buffer[] {
  const datagram = Buffer.alloc(8 + payload.length + (payload.length % 2));
  datagram.writeUInt16BE(4_444, 0);
  datagram.writeUInt16BE(port, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  datagram.set(payload, 8);
  const pseudo = Buffer.concat([bytesOf(source), bytesOf(destination), Buffer.alloc(8)]);
  pseudo.writeUInt32BE(datagram.length, 32);
  pseudo.writeUInt8(17, 39);
  datagram.writeUInt16BE(checksum(Buffer.concat([pseudo, datagram])), 6);
  const types = [...Array<number>(extensions).fill(destinationOptions), 17];
  // Each has six bytes of padding (PadN).
  const options = types.slice(1).map((next) => Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]));
  const whole = Buffer.concat([...options, datagram]);
  const fragment = (offset: number, more: number, part: Buffer) => {
    const header = Buffer.alloc(48);
    header.writeUInt8(0x60, 0);
    header.writeUInt16BE(8 + part.length, 4);
    header.writeUInt8(44, 6);
    header.writeUInt8(64, 7);
    header.set(bytesOf(source), 8);
    header.set(bytesOf(destination), 24);
    header.writeUInt8(types[0] as number, 40);
    header.writeUInt16BE(offset | more, 42);
    header.writeUInt32BE(7, 44);
    return Buffer.concat([header, part]);
  };
  return [fragment(0, 1, whole.subarray(0, cut)), fragment(cut, 0, whole.subarray(cut))];
}

/** The checksum of RFC 1071, over an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
