import { formatAddress } from "../net/address.ts";
import type { Prefix } from "../net/prefix.ts";
import type { AddressRequest } from "./allocation.ts";
import { isOfPool, type PooledChild } from "./pool.ts";

/** An address that was reserved before a pod requested it. */
export interface PrefetchedAddress {
  readonly address: Prefix;
  /** The id of its reservation in the store. */
  readonly reservationId: string;
  /** When it was reserved, in milliseconds of this process's monotonic clock. */
  readonly since: number;
}

/** How many addresses of a pool to reserve, so that enough are prefetched. */
export interface Refill {
  readonly child: PooledChild;
  readonly pool: string;
  readonly count: number;
}

/** The prefetched addresses for one request or several. */
export interface PrefetchResult<T> {
  readonly found: T;
  /** Whether a pool needs a refill now. */
  readonly needsRefill: boolean;
}

/** Demand is the number of requests in this time. */
const windowMs = 1_000;

/** A burst is extrapolated over at least this time: a shorter one does not show its rate. */
const minSpanMs = 250;

/** The number of windows of that demand for which the prefetched addresses should last. */
const windowsAhead = 2;

/** A pool is refilled when less than this share is left: each write costs the API server. */
const refillShare = 1 / 4;

/** Fewer pods than this that other replicas admit are not demand here. */
const minElsewhere = 2;

const minPrefetched = 16;
const maxPrefetched = 128;

/**
 * The addresses of one connection that this process reserved before a pod requested them: while
 * many pods are created, their requests do not wait for the API server.
 */
export class Prefetch {
  readonly #lifetimeMs: number;
  readonly #pools = new Map<string, PoolPrefetch>();
  /** The reservations of the store at the last comparison. */
  #pending: Readonly<Record<string, string>> | undefined;

  /** @param lifetimeMs how long after its reservation an address may be given to a pod */
  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  get isEmpty(): boolean {
    return [...this.#pools.values()].every(
      ({ entries, overdue }) => entries.length + overdue.length === 0,
    );
  }

  /** Takes an address for a new request, and counts the request as demand: more may follow. */
  request(request: AddressRequest, now: number): PrefetchResult<PrefetchedAddress | undefined> {
    const { child, pool, address, ordinal } = request;
    if (address === undefined && ordinal === undefined)
      this.#poolOf(child, pool).requested.push(now);
    const found = this.take(request, now);
    return { found, needsRefill: this.#needsRefill(request, now) };
  }

  /** Drops every address whose reservation is no longer in the store. */
  retain(pending: Readonly<Record<string, string>>): void {
    if (this.#pending === pending) return;
    this.#pending = pending;
    const isStored = ({ address, reservationId }: PrefetchedAddress) =>
      pending[formatAddress(address.address)] === reservationId;
    for (const prefetched of this.#pools.values())
      prefetched.entries = prefetched.entries.filter(isStored);
  }

  /** Takes an address for a request; one that exceeded its lifetime is not given to any pod. */
  take(
    { child, pool, address, ordinal }: AddressRequest,
    now: number,
  ): PrefetchedAddress | undefined {
    if (ordinal !== undefined) return undefined;
    const prefetched = this.#poolOf(child, pool);
    prefetched.child = child;
    return address === undefined
      ? this.#takeNext(prefetched, now)
      : this.#takeThis(prefetched, address, now);
  }

  /** Takes an address for each request, in their order, or none at all. */
  takeAll(
    requests: readonly AddressRequest[],
    now: number,
  ): PrefetchResult<PrefetchedAddress[]> | undefined {
    const found: PrefetchedAddress[] = [];
    for (const request of requests) {
      const entry = this.take(request, now);
      if (entry === undefined) return this.#putBack(requests, found);
      found.push(entry);
    }
    return { found, needsRefill: requests.some((request) => this.#needsRefill(request, now)) };
  }

  /**
   * Notes that a pod got an address from any replica: the next request may come to this one.
   *
   * @returns whether the pool needs a refill
   */
  noteGiven(child: PooledChild, pool: string, now: number): boolean {
    const prefetched = this.#poolOf(child, pool);
    prefetched.child = child;
    prefetched.given.push(now);
    return needsRefill(prefetched, now);
  }

  /** Adds addresses that were reserved for the next requests. */
  put(child: PooledChild, pool: string, entries: readonly PrefetchedAddress[]): void {
    this.#poolOf(child, pool).entries.push(...entries);
  }

  /** The pools that need a refill; one that lacks only a few addresses is not worth a write. */
  refills(now: number): Refill[] {
    return [...this.#pools.values()]
      .filter((prefetched) => needsRefill(prefetched, now))
      .map((prefetched) => {
        const { child, pool, entries } = prefetched;
        return { child, pool, count: targetOf(prefetched, now) - entries.length };
      });
  }

  /** Takes out the addresses that no request may get, and those without demand. */
  takeUnused(now: number): PrefetchedAddress[] {
    return [...this.#pools].flatMap(([key, prefetched]) => {
      const entries = this.#usable(prefetched, now);
      const unused = targetOf(prefetched, now) === 0 ? entries.splice(0) : [];
      if (demandOf(prefetched, now) === 0 && entries.length === 0) this.#pools.delete(key);
      return [...prefetched.overdue.splice(0), ...unused];
    });
  }

  #needsRefill({ child, pool }: AddressRequest, now: number): boolean {
    return needsRefill(this.#poolOf(child, pool), now);
  }

  /** Takes the oldest address that is usable. */
  #takeNext(prefetched: PoolPrefetch, now: number): PrefetchedAddress | undefined {
    const { entries, overdue } = prefetched;
    for (let entry = entries.shift(); entry !== undefined; entry = entries.shift()) {
      if (this.#isUsable(prefetched, entry, now)) return entry;
      overdue.push(entry);
    }
    return undefined;
  }

  #takeThis(prefetched: PoolPrefetch, address: string, now: number): PrefetchedAddress | undefined {
    const entries = this.#usable(prefetched, now);
    const at = entries.findIndex((entry) => formatAddress(entry.address.address) === address);
    return at < 0 ? undefined : entries.splice(at, 1)[0];
  }

  /** Whether an address is within its lifetime, and still belongs to the pool. */
  #isUsable({ child, pool }: PoolPrefetch, entry: PrefetchedAddress, now: number): boolean {
    if (now - entry.since >= this.#lifetimeMs) return false;
    return isOfPool(child, pool, entry.address.address);
  }

  #usable(prefetched: PoolPrefetch, now: number): PrefetchedAddress[] {
    const { usable = [], overdue = [] } = Object.groupBy(prefetched.entries, (entry) =>
      this.#isUsable(prefetched, entry, now) ? "usable" : "overdue",
    );
    prefetched.entries = usable;
    prefetched.overdue.push(...overdue);
    return usable;
  }

  /** Puts addresses back to the front, so that the oldest is the first again. */
  #putBack(requests: readonly AddressRequest[], taken: PrefetchedAddress[]): undefined {
    for (let entry = taken.pop(); entry !== undefined; entry = taken.pop()) {
      const { child, pool } = requests[taken.length] as AddressRequest;
      this.#poolOf(child, pool).entries.unshift(entry);
    }
  }

  #poolOf(child: PooledChild, pool: string): PoolPrefetch {
    const key = JSON.stringify([child.key, pool]);
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = { child, pool, entries: [], overdue: [], requested: [], given: [] };
    this.#pools.set(key, made);
    return made;
  }
}

/** The prefetched addresses of one pool, and the demand for them. */
interface PoolPrefetch {
  child: PooledChild;
  readonly pool: string;
  /** The oldest first. */
  entries: PrefetchedAddress[];
  /** No longer to be given to a pod: their reservations are to be ended. */
  readonly overdue: PrefetchedAddress[];
  /** When requests for an address came to this replica, within the window. */
  readonly requested: number[];
  /** When a pod got an address from any replica, within the window. */
  readonly given: number[];
}

function needsRefill(prefetched: PoolPrefetch, now: number): boolean {
  return prefetched.entries.length < targetOf(prefetched, now) * refillShare;
}

/** How many addresses to hold: a few if only other replicas receive requests. */
function targetOf(prefetched: PoolPrefetch, now: number): number {
  const demand = demandOf(prefetched, now);
  if (demand === 0) return 0;
  if (countRecent(prefetched.requested, now) === 0) return minPrefetched;
  return Math.min(Math.max(Math.ceil(windowsAhead * demand), minPrefetched), maxPrefetched);
}

/** A request here and the pod that got its address a moment later count once. */
function demandOf({ requested, given }: PoolPrefetch, now: number): number {
  const elsewhere = countRecent(given, now);
  return Math.max(rateOf(requested, now), elsewhere < minElsewhere ? 0 : elsewhere);
}

function rateOf(times: number[], now: number): number {
  const recent = countRecent(times, now);
  return (recent * windowMs) / Math.max(now - (times[0] ?? now), minSpanMs);
}

/** Drops the times before the window and counts the others. */
function countRecent(times: number[], now: number): number {
  while (times[0] !== undefined && now - times[0] > windowMs) times.shift();
  return times.length;
}
