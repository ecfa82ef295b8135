import { bytesOf, type Address } from "../net/address.ts";
import { jhash } from "./jhash.ts";
import { macBytes } from "../net/mac.ts";

/**
 * How a worker learns that its gateway is at another address: by one frame of this type (IEEE
 * 802 leaves it to experiments), whose proof holds for the sender's address on the pod network
 * alone. A copy of it that comes from elsewhere proves nothing.
 *
 * The proof is a field of four bytes for each seed, such that the hash of address and field by
 * that seed begins with a zero byte. A worker knows its seeds and checks the hashes in its
 * kernel, where nothing stronger is at hand: 64 bits for one who does not know the seeds.
 */
export const announcementType = 0x88b5;

/** Seeds of a worker. */
export const seedCount = 8;

/** Values that a hash may have; one of them proves the field. */
export const hashModulus = 256;

const minimumFrame = 60;
const fieldBytes = 4;

/** Who announces itself, and to whom. */
export interface Announcement {
  /** The worker's MAC address in the segment, and the gateway's. */
  readonly mac: string;
  readonly gatewayMac: string;
  readonly seeds: readonly number[];
  /** The gateway's address on the pod network. */
  readonly source: Address;
}

/** The Ethernet frame, without its checksum. */
export function announcementFrame(announcement: Announcement): Buffer {
  const frame = Buffer.alloc(minimumFrame);
  frame.set(macBytes(announcement.mac), 0);
  frame.set(macBytes(announcement.gatewayMac), 6);
  frame.writeUInt16BE(announcementType, 12);
  for (const [i, seed] of announcement.seeds.entries())
    frame.set(fieldFor(announcement.source, seed), 14 + i * fieldBytes);
  return frame;
}

function fieldFor(source: Address, seed: number): Uint8Array {
  const address = bytesOf(source);
  const key = Buffer.alloc(address.length + fieldBytes);
  key.set(address);
  for (let value = 0; ; value++) {
    key.writeUInt32BE(value, address.length);
    // As the kernel scales a hash to a modulus (reciprocal_scale): by its upper bits.
    if (jhash(key, seed) >>> 24 === 0) return key.subarray(address.length);
  }
}
