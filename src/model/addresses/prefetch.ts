import { formatAddress } from "../net/address.ts";
import type { AddressRequest } from "./allocation.ts";
import type { Child } from "../api/connection.ts";
import { isOfPool } from "./pool-index.ts";
import type { Prefix } from "../net/prefix.ts";

/** An address that was reserved before anybody asked. */
export interface PrefetchedAddress {
  readonly address: Prefix;
  /** Of its reservation, as the store has it. */
  readonly reservationId: string;
  /** When it was reserved, in milliseconds of this process's monotonic clock. */
  readonly since: number;
}

/** Addresses that are to be reserved. */
export interface Refill {
  readonly child: Child;
  readonly pool: string;
  readonly count: number;
}

/** Demand is what is asked for in so many milliseconds. */
const windowMs = 1_000;

/** What has just begun is taken to go on as it began; a shorter time tells nothing. */
const leastSpanMs = 250;

/** For how many times of that a prefetch is to last. */
const lasts = 2;

/** It is filled up when less than this share is left: each write costs the API server. */
const low = 1 / 4;

/** A single pod that another replica admits is no demand here. */
const leastElsewhere = 2;

const leastAhead = 16;
const mostAhead = 128;

/**
 * Addresses of one connection that this process has reserved before anybody asked: while
 * many are asked for, nobody waits for the API server.
 */
export class Prefetch {
  readonly #lifeMs: number;
  readonly #pools = new Map<string, PoolPrefetch>();
  /** What the store had when it was last compared. */
  #pending: Readonly<Record<string, string>> | undefined;

  /** @param lifeMs for how long what is reserved may be given to somebody */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  get isEmpty(): boolean {
    return [...this.#pools.values()].every(
      ({ entries, overdue }) => entries.length + overdue.length === 0,
    );
  }

  /** Notes that somebody asked here: the next may, too. */
  noteRequested({ child, pool, address, ordinal }: AddressRequest, now: number): void {
    if (address === undefined && ordinal === undefined) {
      this.#pool(child, pool).asked.push(now);
    }
  }

  /** Drops every address whose reservation the store does not have any more. */
  retain(pending: Readonly<Record<string, string>>): void {
    if (this.#pending === pending) return;
    this.#pending = pending;
    const isStored = ({ address, reservationId }: PrefetchedAddress) =>
      pending[formatAddress(address.address)] === reservationId;
    for (const line of this.#pools.values()) line.entries = line.entries.filter(isStored);
  }

  /** Gives an address to who asks; one that was reserved for too long is nobody's. */
  take(
    { child, pool, address, ordinal }: AddressRequest,
    now: number,
  ): PrefetchedAddress | undefined {
    if (ordinal !== undefined) return undefined;
    const line = this.#pool(child, pool);
    line.child = child;
    return address === undefined ? this.#next(line, now) : this.#takeThat(line, address, now);
  }

  /** Gives an address to each, in their order, or none to anybody. */
  takeAll(requests: readonly AddressRequest[], now: number): PrefetchedAddress[] | undefined {
    const taken: PrefetchedAddress[] = [];
    for (const request of requests) {
      const entry = this.take(request, now);
      if (entry === undefined) return this.#putBack(requests, taken);
      taken.push(entry);
    }
    return taken;
  }

  /**
   * Notes that a pod got an address, from whichever replica: the next may come to this one.
   *
   * @returns whether more should be reserved by now
   */
  noteGiven(child: Child, pool: string, now: number): boolean {
    const line = this.#pool(child, pool);
    line.child = child;
    line.given.push(now);
    return needsRefill(line, now);
  }

  /** Keeps what was reserved. */
  put(child: Child, pool: string, entries: readonly PrefetchedAddress[]): void {
    this.#pool(child, pool).entries.push(...entries);
  }

  /** Whether a pool has so little that more should be reserved by now. */
  needsRefill(request: AddressRequest, now: number): boolean {
    return needsRefill(this.#pool(request.child, request.pool), now);
  }

  /** What is to be reserved, so that it lasts; a little is not worth a write. */
  refills(now: number): Refill[] {
    return [...this.#pools.values()]
      .filter((line) => needsRefill(line, now))
      .map((line) => {
        const { child, pool, entries } = line;
        return { child, pool, count: targetOf(line, now) - entries.length };
      });
  }

  /** Takes out what nobody seems to want any more, or nobody may have. */
  takeUnused(now: number): PrefetchedAddress[] {
    return [...this.#pools].flatMap(([key, line]) => {
      const entries = this.#usable(line, now);
      const unwanted = targetOf(line, now) === 0 ? entries.splice(0) : [];
      if (demandOf(line, now) === 0 && entries.length === 0) this.#pools.delete(key);
      return [...line.overdue.splice(0), ...unwanted];
    });
  }

  /** The oldest that is usable; what is older is so no more. */
  #next(line: PoolPrefetch, now: number): PrefetchedAddress | undefined {
    for (let entry = line.entries.shift(); entry !== undefined; entry = line.entries.shift()) {
      if (this.#isUsable(line, entry, now)) return entry;
      line.overdue.push(entry);
    }
    return undefined;
  }

  #takeThat(line: PoolPrefetch, address: string, now: number): PrefetchedAddress | undefined {
    const entries = this.#usable(line, now);
    const at = entries.findIndex(({ address: it }) => formatAddress(it.address) === address);
    return at < 0 ? undefined : entries.splice(at, 1)[0];
  }

  /** Whether it is young enough, and still of the pool. */
  #isUsable(
    { child, pool }: PoolPrefetch,
    { address, since }: PrefetchedAddress,
    now: number,
  ): boolean {
    if (now - since >= this.#lifeMs) return false;
    return isOfPool(child, pool, address.address);
  }

  #usable(line: PoolPrefetch, now: number): PrefetchedAddress[] {
    const { usable = [], overdue = [] } = Object.groupBy(line.entries, (entry) =>
      this.#isUsable(line, entry, now) ? "usable" : "overdue",
    );
    line.entries = usable;
    line.overdue.push(...overdue);
    return usable;
  }

  /** The oldest is to be the first again. */
  #putBack(requests: readonly AddressRequest[], taken: PrefetchedAddress[]): undefined {
    for (let entry = taken.pop(); entry !== undefined; entry = taken.pop()) {
      const { child, pool } = requests[taken.length] as AddressRequest;
      this.#pool(child, pool).entries.unshift(entry);
    }
  }

  #pool(child: Child, pool: string): PoolPrefetch {
    const key = JSON.stringify([child.key, pool]);
    const known = this.#pools.get(key) ?? {
      child,
      pool,
      entries: [],
      overdue: [],
      asked: [],
      given: [],
    };
    this.#pools.set(key, known);
    return known;
  }
}

/** What is prefetched of one pool, the oldest first. */
interface PoolPrefetch {
  child: Child;
  readonly pool: string;
  entries: PrefetchedAddress[];
  /** Not to be given any more, and to be let go of. */
  readonly overdue: PrefetchedAddress[];
  /** When somebody asked here, lately. */
  readonly asked: number[];
  /** When a pod got one, lately, here or elsewhere. */
  readonly given: number[];
}

function needsRefill(line: PoolPrefetch, now: number): boolean {
  return line.entries.length < targetOf(line, now) * low;
}

/** How many should be at hand: where nobody asks here, a few in case that the next one does. */
function targetOf(line: PoolPrefetch, now: number): number {
  const demand = demandOf(line, now);
  if (demand === 0) return 0;
  if (latelyOf(line.asked, now) === 0) return leastAhead;
  return Math.min(Math.max(Math.ceil(lasts * demand), leastAhead), mostAhead);
}

/** What was asked for here is given a moment later: it counts once. */
function demandOf({ asked, given }: PoolPrefetch, now: number): number {
  const elsewhere = latelyOf(given, now);
  return Math.max(rateOf(asked, now), elsewhere < leastElsewhere ? 0 : elsewhere);
}

function rateOf(times: number[], now: number): number {
  const lately = latelyOf(times, now);
  return (lately * windowMs) / Math.max(now - (times[0] ?? now), leastSpanMs);
}

function latelyOf(times: number[], now: number): number {
  while (times[0] !== undefined && now - times[0] > windowMs) times.shift();
  return times.length;
}
