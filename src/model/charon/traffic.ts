import type { ChildSaStatistics, SaEnd } from "./sa-statistics.ts";
import type { IkeSa } from "./sa.ts";

/** The traffic of one child, summed over all its SAs. */
export interface Traffic {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
}

type Direction = "In" | "Out";

/** The counters of one SA of the kernel as they were reported last. */
interface SaCounters {
  readonly bytes: number;
  readonly packets: number;
  /** When they were reported, in milliseconds of a monotonic clock. */
  readonly at: number;
}

/** The child to which an SA belongs. */
interface Owner {
  readonly connection: string;
  readonly child: string;
}

interface Counted extends SaCounters {
  readonly owner: Owner;
  readonly direction: Direction;
}

type Total = { -readonly [K in keyof Traffic]: Traffic[K] };

const nothing: Traffic = { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 };

/** charon reports ages in whole seconds. */
const secondMs = 1_000;

/** charon reports an SA that has ended for at most this long. */
const echoMs = 60_000;

/**
 * Sums the traffic of each child since a start time. Kernel and charon count per SA and start
 * again with every rekeying; these sums never fall. Only the kernel reports the final counters
 * of an SA.
 */
export class TrafficCounters {
  readonly #since: number;
  /** By connection and child. */
  readonly #totals = new Map<string, Map<string, Total>>();
  /** By direction and SPI. */
  readonly #counted = new Map<string, Counted>();
  /** SAs that ended, by SPI: charon may report one only afterwards. */
  readonly #ends = new Map<string, SaCounters>();

  /** @param since the start time, in milliseconds of the same monotonic clock as each `now` */
  constructor(since: number) {
    this.#since = since;
  }

  /** Adds the counters of a list or an event; SAs without statistics are skipped. */
  take(ikeSas: readonly IkeSa[], now: number): void {
    for (const { connection, children } of ikeSas) {
      for (const { name, statistics } of children) {
        if (statistics?.counted !== true) continue;
        this.#addChild({ connection, child: name }, statistics, now);
      }
    }
    for (const [spi, { at }] of this.#ends) if (now - at > echoMs) this.#forget(spi);
  }

  /** Adds the final counters of an SA that the kernel deleted. */
  end({ spi, bytes, packets }: SaEnd, now: number): void {
    this.#ends.set(spi, { bytes, packets, at: now });
    const inbound = this.#counted.get(`In ${spi}`);
    const outbound = this.#counted.get(`Out ${spi}`);
    // The peers choose the outbound SPIs: one may equal an inbound SPI, though that is unlikely.
    if (inbound !== undefined && outbound !== undefined) return;
    const known = inbound ?? outbound;
    if (known !== undefined) this.#add(spi, known, { bytes, packets, at: now });
  }

  of(connection: string, child: string): Traffic {
    return this.#totals.get(connection)?.get(child) ?? nothing;
  }

  /** Forgets the children of all connections except these. */
  keep(connections: ReadonlySet<string>): void {
    for (const connection of this.#totals.keys())
      if (!connections.has(connection)) this.#totals.delete(connection);
  }

  /** Only SAs that ended are forgotten: a live one would be counted a second time. */
  #forget(spi: string): void {
    this.#ends.delete(spi);
    for (const direction of ["In", "Out"]) this.#counted.delete(`${direction} ${spi}`);
  }

  #addChild(owner: Owner, statistics: ChildSaStatistics, now: number): void {
    const { spiIn, spiOut, bytesIn, packetsIn, bytesOut, packetsOut, age } = statistics;
    // An earlier process counted the traffic of an SA from before the start time.
    const isNew = now - (age + 1) * secondMs >= this.#since - 2 * secondMs;
    const both = [
      { direction: "In", spi: spiIn, bytes: bytesIn, packets: packetsIn },
      { direction: "Out", spi: spiOut, bytes: bytesOut, packets: packetsOut },
    ] as const;
    for (const { direction, spi, bytes, packets } of both) {
      const counters = latest({ bytes, packets, at: now }, this.#ends.get(spi));
      const begin = isNew ? { bytes: 0, packets: 0, at: now } : counters;
      const known = this.#counted.get(`${direction} ${spi}`) ?? { ...begin, owner, direction };
      this.#add(spi, known, counters);
    }
  }

  /** Adds the difference from the counters that were added last. */
  #add(spi: string, known: Counted, reported: SaCounters): void {
    const { owner, direction } = known;
    const counters = latest(known, reported);
    const bytes = counters.bytes - known.bytes;
    const packets = counters.packets - known.packets;
    const total = this.#totalOf(owner);
    if (direction === "In") {
      total.bytesIn += bytes;
      total.packetsIn += packets;
    } else {
      total.bytesOut += bytes;
      total.packetsOut += packets;
    }
    this.#counted.set(`${direction} ${spi}`, { ...counters, owner, direction });
  }

  #totalOf({ connection, child }: Owner): Total {
    const children = this.#totals.get(connection) ?? new Map<string, Total>();
    const total = children.get(child) ?? { ...nothing };
    this.#totals.set(connection, children.set(child, total));
    return total;
  }
}

/** The counters of one SA only grow; a report about an SA that ends may be old. */
function latest(a: SaCounters, b: SaCounters | undefined): SaCounters {
  if (b === undefined) return a;
  return {
    bytes: Math.max(a.bytes, b.bytes),
    packets: Math.max(a.packets, b.packets),
    at: Math.max(a.at, b.at),
  };
}
