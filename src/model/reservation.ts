import { createHash } from "node:crypto";
import { formatAddress, type Address } from "./address.ts";

/**
 * When an address was reserved and for whom: RFC 3339 with nine digits after the second, of
 * which the last six are the owner's. So a copy of a pod, which has all its annotations, is
 * not taken for the pod.
 *
 * @param owner the pod as far as it is named, `namespace/name`
 * @param now in milliseconds since the epoch
 */
export function reservationStamp(owner: string, address: Address, now: number): string {
  return new Date(now).toISOString().replace("Z", `${digitsOf(owner, address)}Z`);
}

/** Whether a stamp was made for that owner and address. */
export function isStampOf(stamp: string, owner: string, address: Address): boolean {
  return stamp.endsWith(`${digitsOf(owner, address)}Z`);
}

function digitsOf(owner: string, address: Address): string {
  const text = JSON.stringify([owner, formatAddress(address)]);
  const number = createHash("sha256").update(text).digest().readUInt32BE(0) % 1_000_000;
  return String(number).padStart(6, "0");
}
