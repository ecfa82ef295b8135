import type {
  AddressRequest,
  Allocation,
  AllocationResult,
} from "../../../model/addresses/allocation.ts";
import type {
  ConnectionReservations,
  ReservationChange,
} from "../../../model/addresses/connection-reservations.ts";
import type { PrefetchedAddress, Refill } from "../../../model/addresses/prefetch.ts";
import { newPrefetchId, newReservationId } from "../../../model/addresses/reservation.ts";
import { formatAddress } from "../../../model/net/address.ts";

/** The time when a write is planned, by both clocks of this process, in milliseconds. */
export interface AllocationTime {
  /** The monotonic clock. */
  readonly now: number;
  /** The wall clock, since the epoch. */
  readonly date: number;
}

/** The changes that a write should make. */
export interface WantedWrite {
  readonly requests: readonly AddressRequest[];
  readonly refills: readonly Refill[];
  /** Prefetched addresses whose reservations should end. */
  readonly unused: readonly PrefetchedAddress[];
}

/** The facts that a write is planned by. */
export interface WriteBasis {
  readonly reservations: ConnectionReservations;
  readonly allocation: Allocation;
  readonly time: AllocationTime;
  /** The place in a pool at which this replica begins to search, from 0 up to 1. */
  readonly start: number;
}

/** A write, and its results once it has succeeded. */
export interface PlannedWrite {
  readonly change: ReservationChange;
  /** One for each request, in their order. */
  readonly results: readonly AllocationResult[];
  readonly refills: readonly PrefetchedRefill[];
}

/** A refill with the addresses that were found for it. */
export interface PrefetchedRefill extends Pick<Refill, "child" | "pool"> {
  readonly entries: readonly PrefetchedAddress[];
}

/** A replica prefetches at most one of so many free addresses. */
const freePerPrefetched = 8;

/** Chooses addresses first for requests and then for refills. */
export function planWrite(wanted: WantedWrite, basis: WriteBasis): PlannedWrite {
  const results = wanted.requests.map((request) => reserve(request, basis));
  const refills = wanted.refills.map((refill) => fill(refill, basis));
  const unused = wanted.unused.filter((entry) => isStored(entry, basis.reservations));
  const reserved = results.flatMap((result): [string, string][] =>
    result.ok ? [[formatAddress(result.address.address), result.reservationId ?? ""]] : [],
  );
  const prefetched = refills.flatMap(({ entries }) => entries.map(reservationOf));
  const change = {
    reserve: Object.fromEntries([...prefetched, ...reserved]),
    end: Object.fromEntries(unused.map(reservationOf)),
  };
  return { change, results, refills };
}

/** The result of a request that got this address. */
export function allocated({
  address,
  reservationId,
}: Omit<PrefetchedAddress, "since">): AllocationResult {
  return { ok: true, address, reservationId };
}

function reserve(
  request: AddressRequest,
  { allocation, time, start }: WriteBasis,
): AllocationResult {
  const result = allocation.take(request, start);
  if (!result.ok) return result;
  const reservationId = newReservationId(time.date, Math.random());
  return allocated({ address: result.address, reservationId });
}

function fill(
  { child, pool, count }: Refill,
  { allocation, time, start }: WriteBasis,
): PrefetchedRefill {
  const most = Math.floor(allocation.freeAtLeast(child, pool) / freePerPrefetched);
  const entries: PrefetchedAddress[] = [];
  while (entries.length < Math.min(count, most)) {
    const result = allocation.take({ child, pool, namespace: "" }, start);
    if (!result.ok) break;
    const reservationId = newPrefetchId(time.date, Math.random());
    entries.push({ address: result.address, reservationId, since: time.now });
  }
  return { child, pool, entries };
}

/** A reservation of the same address by another id belongs to another replica. */
function isStored(entry: PrefetchedAddress, { pending }: ConnectionReservations): boolean {
  const [address, reservationId] = reservationOf(entry);
  return pending[address] === reservationId;
}

/** The address and the id, as they are stored. */
function reservationOf({ address, reservationId }: PrefetchedAddress): [string, string] {
  return [formatAddress(address.address), reservationId];
}
