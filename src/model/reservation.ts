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
  return stampOf(now, digitsOf(owner, address));
}

/**
 * The stamp of an address that is reserved before anybody asked for it. It is whose it is
 * given to by that one's {@link reservationStamp} of the same time.
 */
export function aheadStamp(now: number): string {
  return stampOf(now, nobody);
}

/** Whether nobody has asked yet for what is reserved. */
export function isAhead(stamp: string): boolean {
  return stamp.endsWith(`${nobody}Z`);
}

/** Whether a stamp was made for that owner and address. */
export function isStampOf(stamp: string, owner: string, address: Address): boolean {
  return stamp.endsWith(`${digitsOf(owner, address)}Z`);
}

/** What tells one reservation of an address from every other of it. */
export function reservedTime(stamp: string): string {
  return stamp.slice(0, "2026-01-02T03:04:05.006".length);
}

const nobody = "000000";

function stampOf(now: number, digits: string): string {
  return new Date(now).toISOString().replace("Z", `${digits}Z`);
}

function digitsOf(owner: string, address: Address): string {
  const text = JSON.stringify([owner, formatAddress(address)]);
  const number = createHash("sha256").update(text).digest().readUInt32BE(0) % 999_999;
  return String(number + 1).padStart(6, "0");
}
