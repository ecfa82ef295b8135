import { filter, firstValueFrom, startWith, timeout } from "rxjs";
import { fromPromise, type ActorRefFrom } from "xstate";
import {
  allocationMachine,
  type AllocationEmitted,
  type Reserved,
  type ReserveOrder,
  type Settled,
} from "../../../machines/allocation.ts";
import { formatAddress } from "../../../model/net/address.ts";
import type { AddressRequest, Allocation } from "../../../model/addresses/allocation.ts";
import type { Child } from "../../../model/api/connection.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import type {
  ConnectionReservations,
  ReservationChange,
} from "../../../model/addresses/connection-reservations.ts";
import { newPrefetchId, newReservationId } from "../../../model/addresses/reservation.ts";
import { seenReservations } from "../../../model/addresses/seen-reservations.ts";
import {
  Prefetch,
  type PrefetchedAddress,
  type Refill,
} from "../../../model/addresses/prefetch.ts";
import type { Clock } from "../../time/clock.ts";
import { contained } from "../../actors/contained.ts";
import { observedActor } from "../../actors/observed-actor.ts";
import { refusing, Refusal } from "../../ports/refusal.ts";
import type { ReservationStore } from "./reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";

export interface ConnectionAllocatorOptions {
  readonly cluster: Cluster;
  readonly store: ReservationStore;
  readonly clock: Clock;
  /** For how long what is reserved prefetched may be given, in milliseconds. */
  readonly prefetchMs: number;
  /** Where in a pool this replica begins, from 0 up to 1. */
  readonly start: number;
}

/** How long a view may take to catch up with what another replica has seen. */
const catchUpMs = 4_000;

/** Of what is free, a replica reserves no more prefetched than one in so many. */
const shareOfFree = 8;

/** The addresses of one connection, as this replica gives them. */
export class ConnectionAllocator {
  readonly #options: ConnectionAllocatorOptions;
  readonly #actor: ActorRefFrom<typeof allocationMachine>;
  readonly #waiting = new Map<number, (result: Settled) => void>();
  #next = 0;
  readonly #prefetch: Prefetch;
  readonly #id: string;

  /** @param failed receives the exception that ended the actor; its owner ends the rest */
  constructor(id: string, options: ConnectionAllocatorOptions, failed: (error: unknown) => void) {
    this.#id = id;
    this.#options = options;
    this.#prefetch = new Prefetch(options.prefetchMs);
    const reserve = fromPromise<Reserved, ReserveOrder>(({ input }) =>
      refusing(() => this.#reserve(input)),
    );
    const logic = allocationMachine.provide({ actors: { reserve } });
    const input = { connectionId: id };
    this.#actor = observedActor(logic, { input }, { failed, broke: failed });
    const settle = ({ results }: AllocationEmitted) => {
      for (const { id: request, result } of results) {
        this.#waiting.get(request)?.(result);
        this.#waiting.delete(request);
      }
    };
    this.#actor.on("settled", contained(failed, settle));
    this.#actor.start();
  }

  /** Gives an address that is reserved, or reserves one. */
  async allocate(request: AddressRequest): Promise<Settled> {
    const now = this.#now;
    const prefetch = this.#storedPrefetch(this.#reservations);
    prefetch.noteRequested(request, now);
    const prefetched = prefetch.take(request, now);
    if (prefetched === undefined) return this.#queued(request);
    this.#refill(request, now);
    return given(prefetched);
  }

  /** A pod got an address from any replica. */
  noteGiven(child: Child, pool: string): void {
    const needsRefill = this.#prefetch.noteGiven(child, pool, this.#now);
    if (needsRefill) this.#actor.send({ type: "refill" });
  }

  /** @param answer for the requests that wait */
  end(answer: Settled): void {
    this.#actor.stop();
    for (const resolve of this.#waiting.values()) resolve(answer);
    this.#waiting.clear();
  }

  #refill(request: AddressRequest, now: number): void {
    if (this.#prefetch.needsRefill(request, now)) this.#actor.send({ type: "refill" });
  }

  #queued(request: AddressRequest): Promise<Settled> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#actor.send({ type: "wanted", id, request });
    });
  }

  get #reservations(): ConnectionReservations {
    return this.#options.store.newest(this.#id);
  }

  get #now(): number {
    return this.#options.clock.elapsed();
  }

  /** With only what is reserved in that reservations: a leader may have ended some, or a person all. */
  #storedPrefetch({ pending }: ConnectionReservations): Prefetch {
    this.#prefetch.retain(pending);
    return this.#prefetch;
  }

  async #reserve({ requests }: ReserveOrder): Promise<Reserved> {
    const now = this.#now;
    // The write that they waited for may have reserved enough for them, too.
    const prefetch = this.#storedPrefetch(this.#reservations);
    const prefetched = requests.length > 0 && prefetch.takeAll(requests, now);
    if (!prefetched) return this.#write(requests, now);
    for (const request of requests) this.#refill(request, now);
    const results = prefetched.map((prefetched) => given(prefetched));
    return { results, hasPrefetched: !prefetch.isEmpty };
  }

  async #write(requests: readonly AddressRequest[], now: number): Promise<Reserved> {
    const { store, cluster, clock, start } = this.#options;
    // Not to be given meanwhile, whatever comes of the write.
    const unwanted = this.#prefetch.takeUnused(now);
    const { results, prefetched } = await store.amend(this.#id, async (reservations) => {
      await this.#caughtUp(reservations);
      const allocation = cluster.allocation(this.#id, reservations);
      const date = clock.date();
      const chosen = requests.map((request) => reserved(request, allocation, date, start));
      const more = this.#storedPrefetch(reservations)
        .refills(now)
        .map((refill) => prefetch(refill, allocation, { now, date }, start));
      const ours = unwanted.filter((entry) => isStillOurs(entry, reservations));
      const fresh = more.flatMap(({ entries }) => entries);
      const change = { reserve: reservationsOf(chosen, fresh), end: idsByAddress(ours) };
      return {
        change: this.#withSeen(change, reservations),
        result: { results: chosen, prefetched: more },
      };
    });
    for (const { refill, entries } of prefetched) {
      this.#prefetch.put(refill.child, refill.pool, entries);
    }
    return {
      results: results.map((result, i) => this.#lastResort(result, requests[i] as AddressRequest)),
      hasPrefetched: !this.#prefetch.isEmpty,
    };
  }

  /** With what is over by now: it is a write less for the leader, and none by itself. */
  #withSeen(change: ReservationChange, reservations: ConnectionReservations): ReservationChange {
    if (Object.keys({ ...change.reserve, ...change.end }).length === 0) return {};
    const pods = [...this.#options.cluster.workersOf(this.#id)];
    const seen = seenReservations(reservations, pods).change;
    return { ...change, ...seen, end: { ...seen.end, ...change.end } };
  }

  /** What nobody else can have may be in prefetch. */
  #lastResort(result: Settled, request: AddressRequest): Settled {
    if (result.ok || !result.taken) return result;
    const prefetched = this.#storedPrefetch(this.#reservations).take(request, this.#now);
    return prefetched === undefined ? result : given(prefetched);
  }

  /**
   * A reservation goes when its pod is seen. Whoever has not seen that pod yet would take
   * its address for free.
   */
  async #caughtUp({ podsVersion }: ConnectionReservations): Promise<void> {
    const needed = BigInt(podsVersion ?? 0);
    const { workers } = this.#options.cluster;
    if (workers.version >= needed) return;
    await firstValueFrom(
      workers.changes.pipe(
        startWith(undefined),
        filter(() => workers.version >= needed),
        timeout({ first: catchUpMs }),
      ),
    ).catch((cause: unknown) => {
      const message = "the pods of this replica's view are behind another's";
      throw new Refusal(failure(Reason.Internal, message), { cause });
    });
  }
}

function given({
  address,
  reservationId,
}: Pick<PrefetchedAddress, "address" | "reservationId">): Settled {
  return { ok: true, address, reservationId };
}

function reserved(
  request: AddressRequest,
  allocation: Allocation,
  date: number,
  start: number,
): Settled {
  const outcome = allocation.take(request, start);
  if (!outcome.ok) return outcome;
  return given({ address: outcome.address, reservationId: newReservationId(date, Math.random()) });
}

function prefetch(
  refill: Refill,
  allocation: Allocation,
  { now, date }: { readonly now: number; readonly date: number },
  start: number,
) {
  const { child, pool } = refill;
  const most = Math.floor(allocation.freeAtLeast(child, pool) / shareOfFree);
  const entries: PrefetchedAddress[] = [];
  while (entries.length < Math.min(refill.count, most)) {
    const outcome = allocation.take({ child, pool, namespace: "" }, start);
    if (!outcome.ok) break;
    const reservationId = newPrefetchId(date, Math.random());
    entries.push({ address: outcome.address, reservationId, since: now });
  }
  return { refill, entries };
}

/** A reservation that ended is another's, if it is there again. */
function isStillOurs(
  { address, reservationId }: PrefetchedAddress,
  { pending }: ConnectionReservations,
): boolean {
  return pending[formatAddress(address.address)] === reservationId;
}

function reservationsOf(chosen: readonly Settled[], prefetched: readonly PrefetchedAddress[]) {
  const asked = chosen.flatMap((one): [string, string][] =>
    one.ok ? [[formatAddress(one.address.address), one.reservationId ?? ""]] : [],
  );
  return { ...idsByAddress(prefetched), ...(Object.fromEntries(asked) as Record<string, string>) };
}

/** As they are written. */
function idsByAddress(prefetched: readonly PrefetchedAddress[]): Record<string, string> {
  return Object.fromEntries(
    prefetched.map(({ address, reservationId }) => [formatAddress(address.address), reservationId]),
  );
}

export const gone: Settled = { ok: false, message: "the connection is gone", taken: false };
