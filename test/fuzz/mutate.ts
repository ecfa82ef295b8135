/** A reproducible sequence of random numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `limit`, exclusive. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** Values at the limits of lengths and types. */
const edges = [0, 1, 2, 3, 4, 7, 0x7f, 0x80, 0xfe, 0xff];

type Mutation = (bytes: Buffer, random: Random, seeds: readonly Buffer[]) => Buffer;

const mutations: readonly Mutation[] = [
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.pick(edges);
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const size = random.below(bytes.length - at + 1);
    return Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const size = random.below(bytes.length - at + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
  },
  (bytes, random, seeds) => {
    const other = random.pick(seeds);
    const from = random.below(other.length + 1);
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(from)]);
  },
];

const maxBytes = 64 * 1024;

/** One of the seeds with one to eight mutations. */
export function mutated(seeds: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(random.pick(seeds));
  for (let i = random.below(8); i >= 0; i--) {
    bytes = Buffer.from(random.pick(mutations)(bytes, random, seeds)).subarray(0, maxBytes);
  }
  return bytes;
}
