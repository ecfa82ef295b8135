import { formatAddress } from "../net/address.ts";
import type { Child, Connection } from "../api/connection.ts";
import type { Worker } from "./endpoint.ts";
import { macOf } from "../net/mac.ts";
import { seedCount } from "./announcement.ts";
import type { SegmentKey } from "./segment-key.ts";

/** The secrets that a worker shares with its gateway, and with no other worker. */
export interface WorkerSecrets {
  /** The worker's MAC address. */
  readonly mac: string;
  /** The gateway's MAC address, which all workers of the child know. */
  readonly gatewayMac: string;
  /** The seeds that prove the gateway's announcements: numbers of 32 bits. */
  readonly seeds: readonly number[];
}

/** Identifies a worker's place in a segment; a later worker with the same address differs. */
export type WorkerPlace = Pick<Worker, "address" | "reservation">;

/** Derives the MAC address of a gateway's VXLAN device. It stays the same when the gateway moves. */
export function gatewayMac(
  key: SegmentKey,
  connection: Pick<Connection, "id">,
  child: Pick<Child, "key" | "ifId">,
): string {
  return gatewayMacOf(key, segmentOf(connection, child));
}

/** Identifies a child's segment. */
function segmentOf(
  { id }: Pick<Connection, "id">,
  { key, ifId }: Pick<Child, "key" | "ifId">,
): readonly string[] {
  return [id, key, String(ifId)];
}

function gatewayMacOf(key: SegmentKey, segment: readonly string[]): string {
  return macOf(key.derive("gateway MAC", ...segment));
}

/** Secrets, and the values that they were derived from. */
interface Derived {
  readonly from: readonly unknown[];
  readonly secrets: WorkerSecrets;
}

/** Secrets by worker: workers are planned for again and again, and an object does not change. */
const derived = new WeakMap<WorkerPlace, Derived>();

/** Derives a worker's secrets: the same ones in the operator that admits it and in each agent. */
export function workerSecrets(
  key: SegmentKey,
  connection: Pick<Connection, "id">,
  child: Pick<Child, "key" | "ifId">,
  place: WorkerPlace,
): WorkerSecrets {
  const segment = segmentOf(connection, child);
  const from = [key, ...segment];
  const known = derived.get(place);
  if (known !== undefined && known.from.every((part, i) => part === from[i])) return known.secrets;
  const secrets = derivedSecrets(key, segment, place);
  derived.set(place, { from, secrets });
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
