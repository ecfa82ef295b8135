import { KubeError } from "../../../adapters/kubernetes/client/kube-error.ts";
import { failureOf } from "../../../machines/common/failure-of.ts";
import type { AddressRequest, AllocationResult } from "../../../model/addresses/allocation.ts";
import type {
  ConnectionReservations,
  ReservationChange,
} from "../../../model/addresses/connection-reservations.ts";
import { Prefetch } from "../../../model/addresses/prefetch.ts";
import { seenReservations } from "../../../model/addresses/seen-reservations.ts";
import type { Child } from "../../../model/api/connection.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import { Refusal } from "../../ports/refusal.ts";
import type { Clock } from "../../time/clock.ts";
import type { Cluster } from "../state/cluster.ts";
import { caughtUp } from "./caught-up.ts";
import { allocated, planWrite, type AllocationTime } from "./planned-write.ts";
import type { ReservationStore } from "./reservation-store.ts";
import { QueueFull, WriteQueue } from "./write-queue.ts";

export interface ConnectionAllocatorOptions {
  readonly cluster: Cluster;
  readonly store: ReservationStore;
  readonly clock: Clock;
  /** Milliseconds after its reservation for which a prefetched address may be given to a pod. */
  readonly prefetchMs: number;
  /** The place in a pool at which this replica begins to search, from 0 up to 1. */
  readonly start: number;
  /** Receives exceptions that are defects, by the connection's name. */
  readonly onBreakdown: OnBreakdown;
}

/** Milliseconds after a write at which the prefetched addresses are checked for demand. */
const upkeepMs = 1_000;

/** The most requests that wait, which is also the limit of the webhooks' server. */
const maxWaiting = 1_000;

/** Allocates the addresses of one connection for this replica. */
export class ConnectionAllocator {
  readonly #id: string;
  readonly #options: ConnectionAllocatorOptions;
  readonly #prefetch: Prefetch;
  readonly #queue: WriteQueue<AddressRequest, AllocationResult>;
  #upkeep: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(id: string, options: ConnectionAllocatorOptions) {
    this.#id = id;
    this.#options = options;
    this.#prefetch = new Prefetch(options.prefetchMs);
    this.#queue = new WriteQueue({ write: (requests) => this.#serve(requests), maxWaiting });
  }

  /** Gives a prefetched address, or reserves one by the next write. */
  async allocate(request: AddressRequest): Promise<AllocationResult> {
    const now = this.#now;
    this.#retainStored(this.#reservations);
    const { found, needsRefill } = this.#prefetch.request(request, now);
    if (found === undefined) return this.#queue.add(request).catch(unwritten);
    if (needsRefill) this.#queue.requestWrite();
    return allocated(found);
  }

  /**
   * Ends the reservation of an address that no pod gets. If that cannot be written, the reservation
   * ends as those of pods that were never created do.
   */
  async release(address: string, reservationId: string): Promise<void> {
    const change: ReservationChange = { end: { [address]: reservationId } };
    try {
      await this.#options.store.update<void>(this.#id, async () => ({ change, result: undefined }));
    } catch (error) {
      this.#noteUnexpected(error);
    }
  }

  /** Records that any replica gave a pod an address. */
  noteGiven(child: Child, pool: string): void {
    const needsRefill = this.#prefetch.noteGiven(child, pool, this.#now);
    if (needsRefill) this.#queue.requestWrite();
  }

  /** Ends the allocator: requests that wait get this result. */
  end(result: AllocationResult): void {
    this.#isEnded = true;
    clearTimeout(this.#upkeep);
    this.#queue.end(result);
  }

  get #reservations(): ConnectionReservations {
    return this.#options.store.newest(this.#id);
  }

  get #now(): number {
    return this.#options.clock.elapsed();
  }

  /** A leader, or a person who deleted the ConfigMap, may have ended reservations. */
  #retainStored({ pending }: ConnectionReservations): void {
    this.#prefetch.retain(pending);
  }

  /** Serves a batch of requests: a write reserves the addresses, unless enough are prefetched. */
  async #serve(requests: readonly AddressRequest[]): Promise<readonly AllocationResult[]> {
    clearTimeout(this.#upkeep);
    try {
      return this.#takePrefetched(requests) ?? (await this.#write(requests));
    } catch (error) {
      this.#noteUnexpected(error);
      throw error;
    } finally {
      this.#scheduleUpkeep();
    }
  }

  #noteUnexpected(error: unknown): void {
    const isExpected = error instanceof Refusal || error instanceof KubeError;
    if (!isExpected) this.#options.onBreakdown(this.#id, error);
  }

  /** The write before this one may have prefetched enough for the requests that waited for it. */
  #takePrefetched(requests: readonly AddressRequest[]): readonly AllocationResult[] | undefined {
    if (requests.length === 0) return undefined;
    this.#retainStored(this.#reservations);
    const taken = this.#prefetch.takeAll(requests, this.#now);
    if (taken?.needsRefill === true) this.#queue.requestWrite();
    return taken?.found.map(allocated);
  }

  async #write(requests: readonly AddressRequest[]): Promise<readonly AllocationResult[]> {
    const { store, cluster, clock, start } = this.#options;
    const time: AllocationTime = { now: this.#now, date: clock.date() };
    // No request may get these addresses meanwhile, whether the write succeeds or not.
    const unused = this.#prefetch.takeUnused(time.now);
    const { results, refills } = await store.update(this.#id, async (reservations) => {
      await caughtUp(cluster, reservations);
      this.#retainStored(reservations);
      const allocation = cluster.allocation(this.#id, reservations);
      const wanted = { requests, refills: this.#prefetch.refills(time.now), unused };
      const planned = planWrite(wanted, { reservations, allocation, time, start });
      return { change: this.#withSeen(planned.change, reservations), result: planned };
    });
    for (const { child, pool, entries } of refills) this.#prefetch.put(child, pool, entries);
    return results.map((result, i) => this.#lastResort(result, requests[i] as AddressRequest));
  }

  /** Ends the reservations whose pod exists along with another change: the leader writes less. */
  #withSeen(change: ReservationChange, reservations: ConnectionReservations): ReservationChange {
    if (Object.keys({ ...change.reserve, ...change.end }).length === 0) return {};
    const pods = [...this.#options.cluster.workersOf(this.#id)];
    const seen = seenReservations(reservations, pods).change;
    return { ...change, ...seen, end: { ...seen.end, ...change.end } };
  }

  /** The only address that is left for a request may be prefetched here. */
  #lastResort(result: AllocationResult, request: AddressRequest): AllocationResult {
    if (result.ok || !result.taken) return result;
    this.#retainStored(this.#reservations);
    const prefetched = this.#prefetch.take(request, this.#now);
    return prefetched === undefined ? result : allocated(prefetched);
  }

  /** A later write ends the reservations of prefetched addresses that are not requested. */
  #scheduleUpkeep(): void {
    if (this.#isEnded || this.#prefetch.isEmpty) return;
    this.#upkeep = setTimeout(() => this.#queue.requestWrite(), upkeepMs);
  }
}

function unwritten(error: unknown): AllocationResult {
  if (!(error instanceof QueueFull))
    return { ok: false, message: failureOf(error).message, taken: true, unwritten: true };
  const message = `${maxWaiting} pods already wait for an address; create this one again later`;
  // A wait for a free address would only make the queue longer.
  return { ok: false, message, taken: false, unwritten: true };
}
