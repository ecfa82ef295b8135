import { bytesOf, type Address } from "../../model/net/address.ts";
import { checksum } from "../../model/net/checksum.ts";

const broadcast = Buffer.alloc(6, 0xff);
const arp = { etherType: 0x0806, request: 1, reply: 2 };

/** All nodes of a link, and the MAC address of that group (RFC 2464). */
const allNodes = Buffer.from("ff020000000000000000000000000001", "hex");
const allNodesMac = Buffer.from("333300000001", "hex");

/** RFC 4861 */
const nd = {
  etherType: 0x86dd,
  icmpV6: 58,
  hopLimit: 255,
  advertisement: 136,
  override: 0x2000_0000,
  targetMac: 2,
};

/**
 * The frames by which a device announces to its link that it has an address: routers and hosts that know it by
 * another MAC address take this one. IPv4: a gratuitous ARP request and a reply, since some hosts ignore one of
 * them. IPv6: an unsolicited neighbour advertisement.
 */
export function claimFrames(address: Address, mac: Uint8Array): Buffer[] {
  if (address.family === 6) return [advertisement(bytesOf(address), mac)];
  return [arp.request, arp.reply].map((operation) => gratuitousArp(operation, address, mac));
}

function gratuitousArp(operation: number, address: Address, mac: Uint8Array): Buffer {
  const target = operation === arp.reply ? mac : Buffer.alloc(6);
  const header = Buffer.from("0001080006040000", "hex"); // Ethernet, IPv4
  header.writeUInt16BE(operation, 6);
  const packet = Buffer.concat([header, mac, bytesOf(address), target, bytesOf(address)]);
  return frame(broadcast, mac, arp.etherType, packet);
}

function advertisement(address: Uint8Array, mac: Uint8Array): Buffer {
  const message = Buffer.concat([
    Buffer.from([nd.advertisement, 0, 0, 0, 0, 0, 0, 0]),
    address,
    Buffer.from([nd.targetMac, 1]),
    mac,
  ]);
  message.writeUInt32BE(nd.override, 4);
  const pseudo = Buffer.concat([address, allNodes, Buffer.alloc(8)]);
  pseudo.writeUInt32BE(message.length, 32);
  pseudo.writeUInt8(nd.icmpV6, 39);
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2);
  const header = Buffer.from("6000000000000000", "hex");
  header.writeUInt16BE(message.length, 4);
  header.writeUInt8(nd.icmpV6, 6);
  header.writeUInt8(nd.hopLimit, 7);
  const packet = Buffer.concat([header, address, allNodes, message]);
  return frame(allNodesMac, mac, nd.etherType, packet);
}

function frame(to: Uint8Array, from: Uint8Array, etherType: number, packet: Uint8Array): Buffer {
  return Buffer.concat([to, from, Buffer.from([etherType >> 8, etherType & 0xff]), packet]);
}
