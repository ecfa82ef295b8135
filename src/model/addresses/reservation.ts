import { timingSafeEqual } from "node:crypto";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { SegmentKey } from "../network/segment-key.ts";

/** Digits that distinguish reservations of one address that were made in one millisecond. */
const digits = 6;

/**
 * Makes the id of a reservation: the time in RFC 3339 with nine digits after the second. The last
 * six are random; the first of these is 0 if the address is prefetched.
 *
 * @param now in milliseconds since the epoch
 * @param random from 0 up to 1
 */
export function newReservationId(now: number, random: number): string {
  const least = 10 ** (digits - 1);
  return idOf(now, least + Math.floor(random * 9 * least));
}

/** Makes the id of a reservation whose address is prefetched: no pod has requested it yet. */
export function newPrefetchId(now: number, random: number): string {
  return idOf(now, Math.floor(random * 10 ** (digits - 1)));
}

/** Whether the address of a reservation is prefetched. */
export function isPrefetched(reservationId: string): boolean {
  return reservationId.at(-digits - 1) === "0";
}

/** The names by which a pod is known when it is admitted. */
export interface AdmittedPod {
  readonly namespace: string;
  /** The pod's name, or its generateName with `*`, which no name contains. */
  readonly pod: string;
}

/** Everything that a reservation is bound to. */
export interface ReservationFacts extends AdmittedPod {
  readonly connection: string;
  /** The child's key. */
  readonly child: string;
  readonly pool: string;
  readonly address: Prefix;
  /** The {@link newReservationId}. */
  readonly reservationId: string;
}

/** The names in a pod's metadata. */
export interface PodNames {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
}

/** The pod of an admission request, whose name may be generated later. */
export function admittedPod({ namespace = "default", name, generateName }: PodNames): AdmittedPod {
  const isNamed = name !== undefined && name !== "";
  return { namespace, pod: isNamed ? name : `${generateName ?? ""}*` };
}

/**
 * The proof of a reservation: 32 hexadecimal digits that can be computed with the segment key
 * only, for exactly these facts.
 */
export function reservationProof(key: SegmentKey, facts: ReservationFacts): string {
  const { namespace, pod, connection, child, pool, address, reservationId } = facts;
  const parts = [namespace, pod, connection, child, pool, formatPrefix(address), reservationId];
  return key.derive("reservation", ...parts).toString("hex", 0, 16);
}

/** Whether a proof was made for these facts and for this pod, by its name or as it was admitted. */
export function isReservationProof(
  proof: string,
  key: SegmentKey,
  pod: PodNames,
  facts: Omit<ReservationFacts, keyof AdmittedPod>,
): boolean {
  const { name: _, ...unnamed } = pod;
  return [admittedPod(pod), admittedPod(unnamed)].some((admitted) =>
    isSame(proof, reservationProof(key, { ...admitted, ...facts })),
  );
}

/** A text that differs for every two reservations. */
export function reservationKey(connection: string, address: string, reservationId: string): string {
  return JSON.stringify([connection, address, reservationId]);
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function idOf(now: number, number: number): string {
  const written = String(number).padStart(digits, "0");
  return new Date(now).toISOString().replace("Z", `${written}Z`);
}
