import type { ChildFigures, IkeFigures, SaEnd } from "./sa-figures.ts";

/** What one child carried, whichever SAs it had. */
export interface Traffic {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
}

type Direction = "In" | "Out";

/** What one SA of the kernel carried, as far as it is known. */
interface Carried {
  readonly bytes: number;
  readonly packets: number;
  /** When that was heard, in milliseconds of a clock that is never set. */
  readonly at: number;
}

interface Counted extends Carried {
  /** Of the child whose SA it is. */
  readonly key: string;
  readonly direction: Direction;
}

const nothing: Traffic = { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 };

/** charon tells ages in whole seconds. */
const secondMs = 1_000;

/** An SA that is gone is spoken of for no longer than this. */
const echoMs = 60_000;

/**
 * Sums up what the SAs of each child carried since the first look. Kernel and charon count for
 * each SA, and begin with every rekey anew; these never fall. What an SA carried at its end the
 * kernel tells, and nobody else.
 */
export class TrafficCounters {
  readonly #since: number;
  readonly #totals = new Map<string, Traffic>();
  /** By direction and SPI. */
  readonly #counted = new Map<string, Counted>();
  /** By SPI, of SAs that ended: charon may speak of one only afterwards. */
  readonly #ends = new Map<string, Carried>();

  /** @param since the first look, in milliseconds of a clock that is never set, as each `now` */
  constructor(since: number) {
    this.#since = since;
  }

  /** Takes what a list, or an event, tells of some SAs. */
  take(ikes: readonly IkeFigures[], now: number): void {
    for (const { connection, children } of ikes) {
      for (const child of children) {
        if (child.counted) this.#takeChild(keyOf(connection, child.name), child, now);
      }
    }
    for (const [spi, { at }] of this.#ends) if (now - at > echoMs) this.#forget(spi);
  }

  /** Takes the kernel's last word on an SA. */
  end({ spi, bytes, packets }: SaEnd, now: number): void {
    this.#ends.set(spi, { bytes, packets, at: now });
    const inbound = this.#counted.get(`In ${spi}`);
    const outbound = this.#counted.get(`Out ${spi}`);
    // The peers choose theirs: that of two SAs is the same is possible, if not likely.
    if (inbound !== undefined && outbound !== undefined) return;
    const known = inbound ?? outbound;
    if (known !== undefined) this.#add(spi, known, { bytes, packets, at: now });
  }

  of(connection: string, child: string): Traffic {
    return this.#totals.get(keyOf(connection, child)) ?? nothing;
  }

  /** Forgets the children of all connections but these. */
  keep(connections: ReadonlySet<string>): void {
    for (const key of this.#totals.keys()) {
      const [connection] = JSON.parse(key) as [string, string];
      if (!connections.has(connection)) this.#totals.delete(key);
    }
  }

  /** One that has not ended stays known, however long nobody asks: or it would count anew. */
  #forget(spi: string): void {
    this.#ends.delete(spi);
    for (const direction of ["In", "Out"]) this.#counted.delete(`${direction} ${spi}`);
  }

  #takeChild(key: string, child: ChildFigures, now: number): void {
    const { spiIn, spiOut, bytesIn, packetsIn, bytesOut, packetsOut } = child;
    // What an SA carried before the first look was counted by somebody before us.
    const isNew = now - (child.age + 1) * secondMs >= this.#since - 2 * secondMs;
    const both = [
      { direction: "In", spi: spiIn, bytes: bytesIn, packets: packetsIn },
      { direction: "Out", spi: spiOut, bytes: bytesOut, packets: packetsOut },
    ] as const;
    for (const { direction, spi, bytes, packets } of both) {
      const carried = latest({ bytes, packets, at: now }, this.#ends.get(spi));
      const begun = isNew ? { bytes: 0, packets: 0, at: now } : carried;
      const known = this.#counted.get(`${direction} ${spi}`) ?? { ...begun, key, direction };
      this.#add(spi, known, carried);
    }
  }

  /** Adds what an SA carried since it was counted last. */
  #add(spi: string, known: Counted, heard: Carried): void {
    const { key, direction } = known;
    const carried = latest(known, heard);
    const total = this.#totals.get(key) ?? nothing;
    const [bytes, packets] = [`bytes${direction}`, `packets${direction}`] as const;
    this.#totals.set(key, {
      ...total,
      [bytes]: total[bytes] + carried.bytes - known.bytes,
      [packets]: total[packets] + carried.packets - known.packets,
    });
    this.#counted.set(`${direction} ${spi}`, { ...carried, key, direction });
  }
}

/** Figures of one SA only grow; what is told of one that ends may be old. */
function latest(a: Carried, b: Carried | undefined): Carried {
  if (b === undefined) return a;
  return {
    bytes: Math.max(a.bytes, b.bytes),
    packets: Math.max(a.packets, b.packets),
    at: Math.max(a.at, b.at),
  };
}

function keyOf(connection: string, child: string): string {
  return JSON.stringify([connection, child]);
}
