import { createHash } from "node:crypto";
import { bytesOf, type Address } from "../net/address.ts";
import { macBytes, macText } from "../net/mac.ts";

/*
 * Workers learn the VTEP of a MAC address from each frame that they receive. Gateways of one child
 * on several nodes have the same MAC address, by which they receive and announce themselves. If one
 * of them also sent answers by it, each answer that is still on its way after a move would lead
 * its worker back. Such gateways therefore send by addresses that no worker sends to.
 */

/** The number of bytes that all sending addresses of a child have in common. */
export const sendingPrefixBytes = 4;

/** The first bytes of the MAC addresses by which the gateways of a child send. */
export function sendingPrefix(gatewayMac: string): Uint8Array {
  const prefix = macBytes(gatewayMac).slice(0, sendingPrefixBytes);
  // It differs from the gateways' common address, whatever the other bytes are.
  prefix[sendingPrefixBytes - 1] = 0xff ^ (prefix[sendingPrefixBytes - 1] as number);
  return prefix;
}

/**
 * Derives the MAC address by which a gateway sends, from the common address of the child's gateways
 * and its own address on the pod network. Two gateways rarely have the same one, which is harmless.
 */
export function sendingMac(gatewayMac: string, underlay: Address): string {
  const own = createHash("sha256").update(bytesOf(underlay)).digest().subarray(0, 2);
  return macText(Buffer.concat([sendingPrefix(gatewayMac), own]));
}
