import { formatAddress } from "./address.ts";
import type { Child, Connection } from "./connection.ts";
import type { Worker } from "./endpoint.ts";
import { macOf } from "./mac.ts";
import { seedCount } from "./announcement.ts";
import type { SegmentKey } from "./segment-key.ts";

/** What a worker has in common with its gateway and with no other worker. */
export interface WorkerSecrets {
  /** The worker's MAC address. */
  readonly mac: string;
  /** The gateway's, which all workers of the child know. */
  readonly gatewayMac: string;
  /** What proves an announcement of the gateway's: numbers of 32 bits. */
  readonly seeds: readonly number[];
}

/** What tells a worker's place in a segment from every other, also from earlier ones. */
export type WorkerPlace = Pick<Worker, "address" | "reservation">;

/** The MAC address of a gateway's VXLAN device: it stays when the gateway moves. */
export function gatewayMac(
  key: SegmentKey,
  connection: Pick<Connection, "id">,
  child: Pick<Child, "key" | "ifId">,
): string {
  return macOf(key.derive("gateway MAC", connection.id, child.key, String(child.ifId)));
}

/** Derives a worker's secrets, the same ones in the operator that admits it and in each agent. */
export function workerSecrets(
  key: SegmentKey,
  connection: Pick<Connection, "id">,
  child: Pick<Child, "key" | "ifId">,
  { address, reservation }: WorkerPlace,
): WorkerSecrets {
  const place = [formatAddress(address.address), reservation];
  const bytes = key.derive("worker", connection.id, child.key, String(child.ifId), ...place);
  const seeds = key.derive("announcement", bytes.toString("hex"));
  return {
    mac: macOf(bytes),
    gatewayMac: gatewayMac(key, connection, child),
    seeds: Array.from({ length: seedCount }, (_, i) => seeds.readUInt32BE(i * 4)),
  };
}
