import { formatAddress } from "../net/address.ts";
import type { Child, Connection } from "../api/connection.ts";
import type { Worker } from "./endpoint.ts";
import { macOf } from "../net/mac.ts";
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
  return gatewayMacOf(key, segmentOf(connection, child));
}

/** What tells a child's segment from every other. */
function segmentOf(
  { id }: Pick<Connection, "id">,
  { key, ifId }: Pick<Child, "key" | "ifId">,
): readonly string[] {
  return [id, key, String(ifId)];
}

function gatewayMacOf(key: SegmentKey, segment: readonly string[]): string {
  return macOf(key.derive("gateway MAC", ...segment));
}

/** Secrets, and what they were derived of. */
interface Derived {
  readonly of: readonly unknown[];
  readonly secrets: WorkerSecrets;
}

/** Of workers that are planned for again and again: an object never changes. */
const derived = new WeakMap<WorkerPlace, Derived>();

/** Derives a worker's secrets, the same ones in the operator that admits it and in each agent. */
export function workerSecrets(
  key: SegmentKey,
  connection: Pick<Connection, "id">,
  child: Pick<Child, "key" | "ifId">,
  place: WorkerPlace,
): WorkerSecrets {
  const segment = segmentOf(connection, child);
  const of = [key, ...segment];
  const known = derived.get(place);
  if (known !== undefined && known.of.every((part, i) => part === of[i])) return known.secrets;
  const secrets = derivedSecrets(key, segment, place);
  derived.set(place, { of, secrets });
  return secrets;
}

function derivedSecrets(
  key: SegmentKey,
  segment: readonly string[],
  { address, reservation }: WorkerPlace,
): WorkerSecrets {
  const bytes = key.derive("worker", ...segment, formatAddress(address.address), reservation);
  const seeds = key.derive("announcement", bytes.toString("hex"));
  return {
    mac: macOf(bytes),
    gatewayMac: gatewayMacOf(key, segment),
    seeds: Array.from({ length: seedCount }, (_, i) => seeds.readUInt32BE(i * 4)),
  };
}
