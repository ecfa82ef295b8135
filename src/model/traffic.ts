import type { ChildFigures, IkeFigures } from "./sa-figures.ts";

/** What one child carried, whichever SAs it had. */
export interface Traffic {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
}

/** What was counted already of one SA. */
interface Counted extends Traffic {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const nothing: Traffic = { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 };

/** charon tells ages in whole seconds. */
const secondMs = 1_000;

/**
 * Sums up what the CHILD SAs of each child carried since the first look. charon counts for
 * each SA, and begins with every rekey anew; these never fall.
 */
export class TrafficCounters {
  readonly #since: number;
  readonly #totals = new Map<string, Traffic>();
  /** By the SA's unique id. */
  readonly #counted = new Map<string, Counted>();

  /** @param since the first look, in milliseconds since the epoch */
  constructor(since: number) {
    this.#since = since;
  }

  /** Takes a complete list: SAs that are not in it are gone. */
  takeList(ikes: readonly IkeFigures[], now: number): void {
    this.take(ikes, now);
    const ids = ikes.flatMap(({ children }) => children.map(({ uniqueId }) => uniqueId));
    const present = new Set(ids);
    for (const id of this.#counted.keys()) if (!present.has(id)) this.#counted.delete(id);
  }

  /** Takes what an event tells of some SAs: the last that is heard of those that end. */
  take(ikes: readonly IkeFigures[], now: number): void {
    for (const { connection, children } of ikes) {
      for (const child of children) {
        if (child.counted) this.#add(keyOf(connection, child.name), child, now);
      }
    }
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

  #add(key: string, child: ChildFigures, now: number): void {
    const before = this.#before(child, now);
    const total = this.#totals.get(key) ?? nothing;
    this.#totals.set(key, {
      bytesIn: total.bytesIn + child.bytesIn - before.bytesIn,
      packetsIn: total.packetsIn + child.packetsIn - before.packetsIn,
      bytesOut: total.bytesOut + child.bytesOut - before.bytesOut,
      packetsOut: total.packetsOut + child.packetsOut - before.packetsOut,
    });
    this.#counted.set(child.uniqueId, { ...pick(child), at: now });
  }

  /** Of an SA, what is not to be counted any more. */
  #before(child: ChildFigures, now: number): Traffic {
    const installed = now - (child.age + 1) * secondMs;
    const known = this.#counted.get(child.uniqueId);
    // Another charon gives the same ids to other SAs.
    if (known !== undefined && installed <= known.at) return known;
    // What an SA carried before the first look was counted by somebody before us.
    return installed < this.#since - secondMs ? child : nothing;
  }
}

function pick({ bytesIn, packetsIn, bytesOut, packetsOut }: Traffic): Traffic {
  return { bytesIn, packetsIn, bytesOut, packetsOut };
}

function keyOf(connection: string, child: string): string {
  return JSON.stringify([connection, child]);
}
