import { formatAddress, parseAddress } from "../net/address.ts";
import type { Prefix } from "../net/prefix.ts";
import {
  addressesOfPool,
  isOfPool,
  nthOfPool,
  poolRangeOf,
  poolSize,
  prefixLengthOf,
  type PooledChild,
} from "./pool.ts";

/** A request of a pod or a Service for an address of a pool. */
export interface AddressRequest {
  readonly child: PooledChild;
  readonly pool: string;
  /** The namespace of the pod or Service. */
  readonly namespace: string;
  /** Requests this address and no other; in the notation of {@link formatAddress}. */
  readonly address?: string | undefined;
  /** Requests the n-th address of the pool and no other, from 0. */
  readonly ordinal?: number | undefined;
}

/** The outcome of an {@link AddressRequest}. */
export type AllocationResult =
  | {
      readonly ok: true;
      readonly address: Prefix;
      /** The id of the address's reservation; undefined in a dry run, which reserves nothing. */
      readonly reservationId?: string;
    }
  | {
      readonly ok: false;
      readonly message: string;
      /** Whether an address may be free later. */
      readonly taken: boolean;
      /** The reservation could not be written: the request itself is not at fault. */
      readonly unwritten?: true;
    };

/** With fewer free addresses than this, every replica searches from the pool's beginning. */
const manyFree = 64;

/**
 * The addresses of one connection that are not free: those of pods, by child, those that are
 * reserved for pods that do not exist yet, and those of Services.
 */
export class Allocation {
  readonly #used: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly #reserved: Set<string>;
  readonly #services: ReadonlyMap<string, string>;
  /** How far each pool was searched: an address that was not free does not become free here. */
  readonly #searched = new Map<string, Iterator<Prefix>>();

  /**
   * @param used by the child's key: address → the pod that has it, `namespace/name`
   * @param reserved addresses
   * @param services address → the Service that has it, `namespace/name`
   */
  constructor(
    used: ReadonlyMap<string, ReadonlyMap<string, string>>,
    reserved: Iterable<string>,
    services: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#used = used;
    this.#reserved = new Set(reserved);
    this.#services = services;
  }

  /**
   * Takes an address: later requests do not get it.
   *
   * @param start where in the pool the search begins, from 0 up to 1: replicas that begin at
   * different places seldom choose the same address. A pool with few free addresses is searched
   * from its beginning.
   */
  take(request: AddressRequest, start = 0): AllocationResult {
    const result = this.#choose(request, start);
    if (result.ok) this.#reserved.add(formatAddress(result.address.address));
    return result;
  }

  /** The first free addresses of a pool, at most `most`. */
  free(child: PooledChild, pool: string, most: number): Prefix[] {
    const free: Prefix[] = [];
    for (const entry of addressesOfPool(child, pool)) {
      if (free.length >= most) break;
      if (this.#ownerOf(child, formatAddress(entry.address)) === undefined) free.push(entry);
    }
    return free;
  }

  /** A lower bound of a pool's free addresses, computed without a look at each address. */
  freeAtLeast(child: PooledChild, pool: string): number {
    const held = (this.#used.get(child.key)?.size ?? 0) + this.#reserved.size + this.#services.size;
    return Math.max(0, Number(poolSize(child, pool)) - held);
  }

  /** The number of a pool's free addresses. */
  countFree(child: PooledChild, pool: string): number {
    const ofPods = this.#used.get(child.key)?.keys() ?? [];
    const held = new Set([...ofPods, ...this.#reserved, ...this.#services.keys()]);
    const ofPool = [...held].filter((text) => {
      const address = parseAddress(text);
      return address !== undefined && isOfPool(child, pool, address);
    });
    return Number(poolSize(child, pool)) - ofPool.length;
  }

  #choose(request: AddressRequest, start: number): AllocationResult {
    const { child, pool, address, ordinal } = request;
    if (address !== undefined) return this.#requested(request, address);
    if (ordinal !== undefined) return this.#numbered(request, ordinal);
    const next = this.#next(child, pool, start);
    if (next !== undefined) return { ok: true, address: next };
    const size = poolSize(child, pool);
    const message = `pool "${pool}" has no free address: all ${size} are given; add some to spec.children.${child.key}.ip_pools.${pool}`;
    return { ok: false, message, taken: true };
  }

  #next(child: PooledChild, pool: string, start: number): Prefix | undefined {
    const key = JSON.stringify([child.key, pool]);
    const rest = this.#searched.get(key) ?? this.#addressesFrom(child, pool, start);
    this.#searched.set(key, rest);
    for (let { value, done } = rest.next(); done !== true; { value, done } = rest.next()) {
      const entry = value as Prefix;
      if (this.#ownerOf(child, formatAddress(entry.address)) === undefined) return entry;
    }
    return undefined;
  }

  /** All addresses of a pool, from `start` to the end and then from the beginning. */
  *#addressesFrom(child: PooledChild, pool: string, start: number): Generator<Prefix> {
    const isManyFree = this.freeAtLeast(child, pool) >= manyFree;
    const first = isManyFree ? Math.floor(Number(poolSize(child, pool)) * start) : 0;
    yield* addressesOfPool(child, pool, BigInt(first));
    if (first > 0) yield* addressesOfPool(child, pool);
  }

  #requested(request: AddressRequest, text: string): AllocationResult {
    const { child, pool } = request;
    const address = parseAddress(text);
    const found = address && poolRangeOf(child, address);
    if (address === undefined || found?.pool !== pool) {
      return { ok: false, message: `${text} is not an address of pool "${pool}"`, taken: false };
    }
    return this.#unlessTaken(request, { address, length: prefixLengthOf(child, found.range) });
  }

  #numbered(request: AddressRequest, ordinal: number): AllocationResult {
    const { child, pool } = request;
    const entry = nthOfPool(child, pool, ordinal);
    if (entry !== undefined) return this.#unlessTaken(request, entry);
    const message = `pool "${pool}" has ${poolSize(child, pool)} addresses, and none for ordinal ${ordinal}`;
    return { ok: false, message, taken: false };
  }

  #unlessTaken({ child, pool, namespace }: AddressRequest, entry: Prefix): AllocationResult {
    const text = formatAddress(entry.address);
    const owner = this.#ownerOf(child, text);
    if (owner === undefined) return { ok: true, address: entry };
    // An author learns the names of pods and Services in the author's own namespace only.
    const isOwn = ["pod", "Service"].some((kind) => owner.startsWith(`${kind} ${namespace}/`));
    const who = isOwn ? `: ${owner} has it` : "";
    return { ok: false, message: `${text} of pool "${pool}" is taken${who}`, taken: true };
  }

  #ownerOf(child: PooledChild, address: string): string | undefined {
    const pod = this.#used.get(child.key)?.get(address);
    if (pod !== undefined) return pod;
    const service = this.#services.get(address);
    if (service !== undefined) return `Service ${service}`;
    return this.#reserved.has(address) ? "a pod that does not exist yet" : undefined;
  }
}
