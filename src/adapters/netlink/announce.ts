import { closeSync } from "node:fs";
import { bytesOf, type Address } from "../../model/address.ts";
import { checked, libc } from "./libc.ts";
import { macBytes } from "./links.ts";
import { inNamespace } from "./namespace.ts";

// linux/if_packet.h, linux/if_ether.h, RFC 826
const afPacket = 17;
const sockRawCloexec = 3 | 0o2000000;
const etherArp = 0x0806;
/** IEEE 802 leaves it to local experiments: nobody does anything with such a frame. */
const etherExperimental = 0x88b5;
const everybody = "ff:ff:ff:ff:ff:ff";

/** A device with its address on a segment. */
export interface Announcement {
  readonly device: string;
  readonly mac: string;
  readonly address: Address;
}

/**
 * Sends one frame to everybody on a segment, so that the other VTEPs learn where this MAC
 * address is now: gratuitous ARP, which people know from captures; for IPv6 an empty frame,
 * since the neighbours' entries are permanent and only the FDB has to learn.
 */
export function announce(namespace: string | undefined, announcement: Announcement): void {
  const fd = inNamespace(namespace, () => openOn(announcement.device));
  try {
    const frame = frameOf(announcement);
    checked(`announce ${announcement.device}`, libc.send(fd, frame, frame.length, 0));
  } finally {
    closeSync(fd);
  }
}

function openOn(device: string): number {
  const fd = checked("packet socket", libc.socket(afPacket, sockRawCloexec, 0));
  try {
    const address = Buffer.alloc(20); // struct sockaddr_ll
    address.writeUInt16LE(afPacket, 0);
    address.writeInt32LE(libc.if_nametoindex(device), 4);
    checked(`bind to ${device}`, libc.bind(fd, address, address.length));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function frameOf({ mac, address }: Announcement): Buffer {
  const type = Buffer.alloc(2);
  type.writeUInt16BE(address.family === 4 ? etherArp : etherExperimental);
  const header = Buffer.concat([macBytes(everybody), macBytes(mac), type]);
  if (address.family === 6) return Buffer.concat([header, Buffer.alloc(46)]);
  const arp = Buffer.from([0, 1, 0x08, 0, 6, 4, 0, 1]); // Ethernet, IPv4, request
  const ip = bytesOf(address);
  return Buffer.concat([header, arp, macBytes(mac), ip, Buffer.alloc(6), ip, Buffer.alloc(18)]);
}
