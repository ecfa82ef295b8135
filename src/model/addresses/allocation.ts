import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import type { Child } from "../api/connection.ts";
import { isOfPool, poolRangeOf } from "./pool-index.ts";
import type { Prefix } from "../net/prefix.ts";

/** What a pod requests of a pool. */
export interface AddressRequest {
  readonly child: Child;
  readonly pool: string;
  /** The namespace of the pod that asks. */
  readonly namespace: string;
  /** Just this one; as {@link formatAddress} writes it. */
  readonly address?: string | undefined;
  /** The n-th address of the pool, and no other. */
  readonly ordinal?: number | undefined;
}

export type AddressOutcome =
  | { readonly ok: true; readonly address: Prefix }
  | {
      readonly ok: false;
      readonly message: string;
      /** Whether waiting helps. */ readonly taken: boolean;
    };

/** Where fewer are free, replicas begin at the same place. */
const manyFree = 64;

/**
 * The addresses of one connection that nobody may get: those of pods, by child, and those
 * that are reserved for pods that are about to be.
 */
export class Allocation {
  readonly #used: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly #reserved: Set<string>;
  /** How far each pool was searched: what was not free is not free later. */
  readonly #searched = new Map<string, Iterator<Prefix>>();

  /**
   * @param used by the child's key: address → the pod that has it, `namespace/name`
   * @param reserved addresses
   */
  constructor(used: ReadonlyMap<string, ReadonlyMap<string, string>>, reserved: Iterable<string>) {
    this.#used = used;
    this.#reserved = new Set(reserved);
  }

  /**
   * Gives an address and keeps it from the next who asks.
   *
   * @param start where in the pool to begin, from 0 up to 1: replicas with places of their own
   * seldom choose the same. A pool with few free addresses is given from its beginning.
   */
  take(request: AddressRequest, start = 0): AddressOutcome {
    const outcome = this.#choose(request, start);
    if (outcome.ok) this.#reserved.add(formatAddress(outcome.address.address));
    return outcome;
  }

  /** Of a pool, those that anybody could get, up to so many. */
  free(child: Child, pool: string, most: number): Prefix[] {
    const free: Prefix[] = [];
    for (const entry of entriesOf(child, pool)) {
      if (free.length >= most) break;
      if (this.#takenBy(child, formatAddress(entry.address)) === undefined) free.push(entry);
    }
    return free;
  }

  /** At least so many are free; counted without looking at each. */
  freeAtLeast(child: Child, pool: string): number {
    const held = (this.#used.get(child.key)?.size ?? 0) + this.#reserved.size;
    return Math.max(0, Number(poolSize(child, pool)) - held);
  }

  /** So many of a pool are free. */
  countFree(child: Child, pool: string): number {
    const held = new Set([...(this.#used.get(child.key)?.keys() ?? []), ...this.#reserved]);
    const ofPool = [...held].filter((text) => {
      const address = parseAddress(text);
      return address !== undefined && isOfPool(child, pool, address);
    });
    return Number(poolSize(child, pool)) - ofPool.length;
  }

  #choose(request: AddressRequest, start: number): AddressOutcome {
    const { child, pool, address, ordinal } = request;
    if (address !== undefined) return this.#requested(request, address);
    if (ordinal !== undefined) return this.#numbered(request, ordinal);
    const next = this.#next(child, pool, start);
    if (next !== undefined) return { ok: true, address: next };
    const size = poolSize(child, pool);
    const message = `pool "${pool}" has no free address: all ${size} are given; add some to spec.children.${child.key}.ip_pools.${pool}`;
    return { ok: false, message, taken: true };
  }

  #next(child: Child, pool: string, start: number): Prefix | undefined {
    const key = JSON.stringify([child.key, pool]);
    const rest = this.#searched.get(key) ?? this.#entriesFrom(child, pool, start);
    this.#searched.set(key, rest);
    for (let { value, done } = rest.next(); done !== true; { value, done } = rest.next()) {
      const entry = value as Prefix;
      if (this.#takenBy(child, formatAddress(entry.address)) === undefined) return entry;
    }
    return undefined;
  }

  /** All of a pool, from there on and round. */
  *#entriesFrom(child: Child, pool: string, start: number): Generator<Prefix> {
    const many = this.freeAtLeast(child, pool) >= manyFree;
    const first = many ? Math.floor(Number(poolSize(child, pool)) * start) : 0;
    yield* entriesOf(child, pool, BigInt(first));
    if (first > 0) yield* entriesOf(child, pool);
  }

  #requested(request: AddressRequest, text: string): AddressOutcome {
    const { child, pool } = request;
    const wanted = parseAddress(text);
    const found = wanted && poolRangeOf(child, wanted);
    if (wanted === undefined || found?.pool !== pool) {
      return { ok: false, message: `${text} is no address of pool "${pool}"`, taken: false };
    }
    return this.#unlessTaken(request, { address: wanted, length: lengthOf(found.range, child) });
  }

  #numbered(request: AddressRequest, ordinal: number): AddressOutcome {
    const { child, pool } = request;
    const entry = nthOf(child, pool, ordinal);
    if (entry !== undefined) return this.#unlessTaken(request, entry);
    const message = `pool "${pool}" has ${poolSize(child, pool)} addresses, and none for ordinal ${ordinal}`;
    return { ok: false, message, taken: false };
  }

  #unlessTaken({ child, pool, namespace }: AddressRequest, entry: Prefix): AddressOutcome {
    const text = formatAddress(entry.address);
    const owner = this.#takenBy(child, text);
    if (owner === undefined) return { ok: true, address: entry };
    // A pod of another namespace is not named to the author of this one.
    const isOwn = owner.startsWith(`pod ${namespace}/`);
    const who = isOwn ? `: ${owner} has it` : "";
    return { ok: false, message: `${text} of pool "${pool}" is taken${who}`, taken: true };
  }

  #takenBy(child: Child, address: string): string | undefined {
    const pod = this.#used.get(child.key)?.get(address);
    if (pod !== undefined) return pod;
    return this.#reserved.has(address) ? "a pod that is about to be" : undefined;
  }
}

/** A pool in its order, without so many of its first. */
function* entriesOf(child: Child, pool: string, skipped = 0n): Generator<Prefix> {
  let rest = skipped;
  for (const range of child.pools.get(pool) ?? []) {
    const { family } = range.first;
    const size = range.last.value - range.first.value + 1n;
    const skip = rest < size ? rest : size;
    rest -= skip;
    for (let value = range.first.value + skip; value <= range.last.value; value++) {
      yield { address: { family, value }, length: lengthOf(range, child) };
    }
  }
}

function nthOf(child: Child, pool: string, n: number): Prefix | undefined {
  let rest = BigInt(n);
  for (const range of child.pools.get(pool) ?? []) {
    const size = range.last.value - range.first.value + 1n;
    if (rest < size) {
      const address: Address = { family: range.first.family, value: range.first.value + rest };
      return { address, length: lengthOf(range, child) };
    }
    rest -= size;
  }
  return undefined;
}

/** How many addresses a pool has. */
export function poolSize(child: Child, pool: string): bigint {
  return (child.pools.get(pool) ?? []).reduce(
    (sum, { first, last }) => sum + last.value - first.value + 1n,
    0n,
  );
}

function lengthOf(range: AddressRange, child: Child): number {
  return range.prefixLength ?? child.vxlanIp.length;
}
