import { annotation } from "../kubernetes/labels.ts";
import { heldAddressOf, type Pod } from "../kubernetes/worker-pod.ts";
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
  const versionByReservation = new Map(pods.map((pod) => [reservationOf(pod), versionOf(pod)]));
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
  for (const pod of pods) {
    const heldAddress = heldAddressOf(pod);
    if (heldAddress?.connection !== id) continue;
    versions.set(formatAddress(heldAddress.address.address), versionOf(pod));
  }
  return versions;
}

function versionOf({ metadata }: Pod): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}

/** Memo of {@link readReservation}: the object of a pod is immutable. */
const memo = new WeakMap<Pod, { readonly key: string | undefined }>();

/** The {@link reservationKey} of a pod's reservation; undefined if the pod has none. */
export function reservationOf(pod: Pod): string | undefined {
  const read = memo.get(pod) ?? { key: readReservation(pod) };
  memo.set(pod, read);
  return read.key;
}

function readReservation({ metadata: { annotations = {} } }: Pod): string | undefined {
  const connection = annotations[annotation.connection];
  const reservationId = annotations[annotation.reservedAt];
  const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
  if (connection === undefined || reservationId === undefined || address === undefined)
    return undefined;
  return reservationKey(connection, formatAddress(address.address), reservationId);
}
