import { timingSafeEqual } from "node:crypto";
import { formatAddress, type Address } from "../net/address.ts";
import type { SegmentKey } from "../network/segment-key.ts";

/** A Service, by its names. */
export interface ServiceNames {
  readonly namespace: string;
  readonly name: string;
}

/** Everything that the address of a Service is bound to. */
export interface ServiceAddressFacts {
  readonly connection: string;
  /** The child's key. */
  readonly child: string;
  readonly pool: string;
  readonly address: Address;
}

/**
 * The proof that the operator gave a Service its address: 32 hexadecimal digits that can be computed
 * with the segment key only, for exactly these facts.
 */
export function serviceProof(
  key: SegmentKey,
  { namespace, name }: ServiceNames,
  { connection, child, pool, address }: ServiceAddressFacts,
): string {
  const parts = [namespace, name, connection, child, pool, formatAddress(address)];
  return key.derive("service", ...parts).toString("hex", 0, 16);
}

/** Whether a proof was made for this Service and these facts. */
export function isServiceProof(
  proof: string,
  key: SegmentKey,
  service: ServiceNames,
  facts: ServiceAddressFacts,
): boolean {
  const [given, made] = [proof, serviceProof(key, service, facts)].map((text) => Buffer.from(text));
  if (given === undefined || made === undefined || given.length !== made.length) return false;
  return timingSafeEqual(given, made);
}
