import { formatAddress } from "../net/address.ts";
import { annotation } from "../kubernetes/labels.ts";
import { parsePrefix } from "../net/prefix.ts";
import type { ConnectionReservations, ReservationChange } from "./connection-reservations.ts";
import { reservationKey } from "./reservation.ts";
import { heldAddressOf, type Pod } from "../kubernetes/worker-pod.ts";

/** An address and its reservationId, as a reservations has them. */
export type Reservation = readonly [address: string, reservationId: string];

/** Reservations as some pods show them. */
export interface SeenReservations {
  /** Ends those that are over, since their pod is there. */
  readonly change: Pick<ReservationChange, "end" | "podsVersion">;
  readonly others: readonly Reservation[];
}

/**
 * Tells which reservations are over by what the pods of a connection show. A pod that has the
 * address by another reservation ends none: it may be one that went, in a view that is behind.
 */
export function seenReservations(
  { connection: id, pending, podsVersion }: ConnectionReservations,
  pods: readonly Pod[],
): SeenReservations {
  const there = new Map(pods.map((pod) => [reservationOf(pod), versionOf(pod)]));
  const ended: Reservation[] = [];
  const versions: bigint[] = [];
  const others: Reservation[] = [];
  for (const entry of Object.entries(pending)) {
    const version = there.get(reservationKey(id, ...entry));
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

/** @returns the version of pods that was seen with those of some, too */
export function newest(podsVersion: string | undefined, versions: readonly bigint[]): string {
  return String(versions.reduce((a, b) => (a > b ? a : b), BigInt(podsVersion ?? 0)));
}

/** The addresses that pods of a connection hold, with the version of the pod. */
export function versionsByAddress(id: string, pods: readonly Pod[]): Map<string, bigint> {
  const taken = new Map<string, bigint>();
  for (const pod of pods) {
    const heldAddress = heldAddressOf(pod);
    if (heldAddress?.connection !== id) continue;
    taken.set(formatAddress(heldAddress.address.address), versionOf(pod));
  }
  return taken;
}

function versionOf({ metadata }: Pod): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}

/** Of pods that are looked at again and again: an object never changes. */
const known = new WeakMap<Pod, { readonly key: string | undefined }>();

/** The {@link reservationKey} of a pod's reservation, if it has one. */
export function reservationOf(pod: Pod): string | undefined {
  const read = known.get(pod) ?? { key: readReservation(pod) };
  known.set(pod, read);
  return read.key;
}

function readReservation({ metadata: { annotations = {} } }: Pod): string | undefined {
  const id = annotations[annotation.connection];
  const reservationId = annotations[annotation.reservedAt];
  const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
  if (id === undefined || reservationId === undefined || address === undefined) return undefined;
  return reservationKey(id, formatAddress(address.address), reservationId);
}
