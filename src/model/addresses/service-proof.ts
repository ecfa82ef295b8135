import { timingSafeEqual } from "node:crypto";
import { formatAddress, type Address } from "../net/address.ts";
import type { SegmentKey } from "../network/segment-key.ts";

/** A Service, by its names and its uid: a later Service of the same name is another one. */
export interface ServiceIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A port of a Service, and the one of the gateway that leads there. */
export interface ProvenPort {
  readonly name: string;
  readonly transport: string;
  readonly port: number;
}

/** Everything that the address of a Service is bound to, and the ports of the gateway. */
export interface ServiceAddressFacts {
  readonly connection: string;
  /** The child's key. */
  readonly child: string;
  readonly pool: string;
  readonly address: Address;
  readonly ports: readonly ProvenPort[];
}

/**
 * The proof that the operator gave a Service its address and its ports of the gateway: 32 hexadecimal
 * digits that can be computed with the segment key only, for exactly these facts.
 */
export function serviceProof(
  key: SegmentKey,
  { namespace, name, uid }: ServiceIdentity,
  { connection, child, pool, address, ports }: ServiceAddressFacts,
): string {
  const place = [namespace, name, uid, connection, child, pool, formatAddress(address)];
  const shown = ports.map((port) => [port.transport, String(port.port), port.name].join(" "));
  const parts = [...place, ...shown.toSorted()];
  return key.derive("service", ...parts).toString("hex", 0, 16);
}

/** Whether a proof was made for this Service and these facts. */
export function isServiceProof(
  proof: string,
  key: SegmentKey,
  service: ServiceIdentity,
  facts: ServiceAddressFacts,
): boolean {
  const [given, made] = [proof, serviceProof(key, service, facts)].map((text) => Buffer.from(text));
  if (given === undefined || made === undefined || given.length !== made.length) return false;
  return timingSafeEqual(given, made);
}
