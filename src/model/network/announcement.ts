import { bytesOf, type Address } from "../net/address.ts";
import { jhash } from "../net/jhash.ts";
import { macBytes } from "../net/mac.ts";

/**
 * The EtherType of the frame by which a worker learns that its gateway has a new address (IEEE 802
 * reserves it for experiments). The frame's proof is valid for the sender's address on the pod
 * network only: a copy that comes from another address proves nothing.
 *
 * The proof has a field of four bytes for each seed, such that the hash of address and field by
 * that seed begins with a zero byte. A worker's kernel knows the seeds and checks the hashes; it
 * offers nothing stronger. An attacker without the seeds has to guess 64 bits.
 */
export const announcementType = 0x88b5;

/** The number of seeds of a worker. */
export const seedCount = 8;

/** The number of values of a hash; one of them proves the field. */
export const hashModulus = 256;

const minimumFrame = 60;
const fieldBytes = 4;

/** The gateway that announces itself, and the worker that it announces itself to. */
export interface Announcement {
  /** The worker's MAC address in the segment, and the gateway's. */
  readonly mac: string;
  readonly gatewayMac: string;
  readonly seeds: readonly number[];
  /** The gateway's address on the pod network. */
  readonly source: Address;
}

/** Makes the Ethernet frame, without its checksum. */
export function announcementFrame(announcement: Announcement): Buffer {
  const frame = Buffer.alloc(minimumFrame);
  frame.set(macBytes(announcement.mac), 0);
  frame.set(macBytes(announcement.gatewayMac), 6);
  frame.writeUInt16BE(announcementType, 12);
  for (const [i, seed] of announcement.seeds.entries())
    frame.set(fieldFor(announcement.source, seed), 14 + i * fieldBytes);
  return frame;
}

/** Searches for the field that proves an address by a seed. */
function fieldFor(source: Address, seed: number): Uint8Array {
  const address = bytesOf(source);
  const key = Buffer.alloc(address.length + fieldBytes);
  key.set(address);
  for (let value = 0; ; value++) {
    key.writeUInt32BE(value, address.length);
    // The kernel scales a hash to a modulus by its upper bits (reciprocal_scale).
    if (jhash(key, seed) >>> 24 === 0) return key.subarray(address.length);
  }
}
