import { timingSafeEqual } from "node:crypto";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { SegmentKey } from "../network/segment-key.ts";

/** Digits that distinguish reservations of one address that were made in one millisecond. */
const digits = 6;

/**
 * When an address was reserved, as the reservation's reservationId: RFC 3339 with nine digits after the
 * second. The last six are random; the first of these is 0 where the address is prefetched.
 *
 * @param now in milliseconds since the epoch
 * @param random from 0 up to 1
 */
export function newReservationId(now: number, random: number): string {
  const least = 10 ** (digits - 1);
  return stampOf(now, least + Math.floor(random * 9 * least));
}

/** The reservationId of an address that is reserved before a pod asked for it. */
export function newPrefetchId(now: number, random: number): string {
  return stampOf(now, Math.floor(random * 10 ** (digits - 1)));
}

/** Whether an address was reserved before a pod asked for it. */
export function isPrefetched(reservationId: string): boolean {
  return reservationId.at(-digits - 1) === "0";
}

/** A pod as far as it is named when it is admitted. */
export interface AdmittedPod {
  readonly namespace: string;
  /** Its name, or its generateName with `*`, which no name has. */
  readonly pod: string;
}

/** Everything that one reservation is for. */
export interface ReservationFacts extends AdmittedPod {
  readonly connection: string;
  /** The child's key. */
  readonly child: string;
  readonly pool: string;
  readonly address: Prefix;
  /** The {@link newReservationId}. */
  readonly reservationId: string;
}

/** What can be known of a pod's name. */
export interface PodNames {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
}

/** The pod that an admission request is for; its name may be generated later. */
export function admittedPod({ namespace = "default", name, generateName }: PodNames): AdmittedPod {
  const isNamed = name !== undefined && name !== "";
  return { namespace, pod: isNamed ? name : `${generateName ?? ""}*` };
}

/**
 * The id of a reservation: 32 hexadecimal digits that only a holder of the segment key can
 * make, for these facts alone.
 */
export function reservationProof(key: SegmentKey, facts: ReservationFacts): string {
  const { namespace, pod, connection, child, pool, address, reservationId } = facts;
  const parts = [namespace, pod, connection, child, pool, formatPrefix(address), reservationId];
  return key.derive("reservation", ...parts).toString("hex", 0, 16);
}

/** Whether an id was made for these facts, and for the pod by its name or as it was admitted. */
export function isReservationProof(
  id: string,
  key: SegmentKey,
  pod: PodNames,
  facts: Omit<ReservationFacts, keyof AdmittedPod>,
): boolean {
  const { name: _, ...unnamed } = pod;
  return [admittedPod(pod), admittedPod(unnamed)].some((admitted) =>
    isSame(id, reservationProof(key, { ...admitted, ...facts })),
  );
}

/** What distinguishes a reservation from every other: the connection, the address and the reservationId. */
export function reservationKey(connection: string, address: string, reservationId: string): string {
  return JSON.stringify([connection, address, reservationId]);
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function stampOf(now: number, number: number): string {
  const written = String(number).padStart(digits, "0");
  return new Date(now).toISOString().replace("Z", `${written}Z`);
}
