import { annotation } from "../kubernetes/labels.ts";
import { heldAddressesOf } from "../kubernetes/held-address.ts";
import { attachmentsOf, type PodAttachment } from "../kubernetes/pod-attachments.ts";
import type { Pod } from "../kubernetes/worker-pod.ts";
import { formatAddress } from "../net/address.ts";
import { parsePrefix } from "../net/prefix.ts";
import type { ConnectionReservations, ReservationChange } from "./connection-reservations.ts";
import { reservationKey } from "./reservation.ts";

/** An address and the id of its reservation, as the store has them. */
export type Reservation = readonly [address: string, reservationId: string];

/** A connection's reservations, compared with the connection's pods. */
export interface SeenReservations {
  /** Ends the reservations whose pod exists. */
  readonly change: Pick<ReservationChange, "end" | "podsVersion">;
  /** The reservations without a pod. */
  readonly others: readonly Reservation[];
}

/**
 * Finds the reservations that can end because their pod exists. A pod that has the address by
 * another reservation does not end this one: a view that lags may show a pod that was deleted.
 */
export function seenReservations(
  { connection: id, pending, podsVersion }: ConnectionReservations,
  pods: readonly Pod[],
): SeenReservations {
  const versionByReservation = new Map(
    pods.flatMap((pod) => reservationsOf(pod).map((key) => [key, versionOf(pod)])),
  );
  const ended: Reservation[] = [];
  const versions: bigint[] = [];
  const others: Reservation[] = [];
  for (const entry of Object.entries(pending)) {
    const version = versionByReservation.get(reservationKey(id, ...entry));
    if (version === undefined) others.push(entry);
    else {
      ended.push(entry);
      versions.push(version);
    }
  }
  if (versions.length === 0) return { change: {}, others };
  return {
    change: { end: Object.fromEntries(ended), podsVersion: newest(podsVersion, versions) },
    others,
  };
}

/** @returns the newest of these versions of pods */
export function newest(podsVersion: string | undefined, versions: readonly bigint[]): string {
  return String(versions.reduce((a, b) => (a > b ? a : b), BigInt(podsVersion ?? 0)));
}

/** The addresses that pods of a connection hold, each with the version of its pod. */
export function versionsByAddress(id: string, pods: readonly Pod[]): Map<string, bigint> {
  const versions = new Map<string, bigint>();
  for (const { connection, address, pod } of heldAddressesOf(pods))
    if (connection === id) versions.set(formatAddress(address.address), versionOf(pod));
  return versions;
}

function versionOf({ metadata }: Pod): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}

/** Memo of {@link reservationsOf}: the object of a pod is immutable. */
const memo = new WeakMap<Pod, readonly string[]>();

/** The {@link reservationKey} of each of a pod's reservations. */
export function reservationsOf(pod: Pod): readonly string[] {
  const keys = memo.get(pod) ?? attachmentsOf(pod).flatMap((one) => readReservation(one) ?? []);
  memo.set(pod, keys);
  return keys;
}

function readReservation({ annotations }: PodAttachment): string | undefined {
  const connection = annotations[annotation.connection];
  const reservationId = annotations[annotation.reservedAt];
  const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
  if (connection === undefined || reservationId === undefined || address === undefined)
    return undefined;
  return reservationKey(connection, formatAddress(address.address), reservationId);
}
