import { isDeepStrictEqual } from "node:util";
import type { ConnectionBeat } from "../../model/beats/beat.ts";

/** A group that is heard is known after this time, in milliseconds. */
const heardForMs = 1_000;
/** A group that is not heard is known after this time. */
const silentForMs = 3_000;

interface HeardReport {
  readonly beat: ConnectionBeat;
  readonly since: number;
}

/** The reports of other groups about one connection. */
export class HeardReports {
  readonly #startedAt: number;
  readonly #byGroup = new Map<string, HeardReport>();

  constructor(now: number) {
    this.#startedAt = now;
  }

  /** The latest report of each group. */
  get all(): ReadonlyMap<string, ConnectionBeat> {
    return new Map([...this.#byGroup].map(([group, { beat }]) => [group, beat]));
  }

  /** Takes a report; returns whether it differs from the one before. */
  take(group: string, beat: ConnectionBeat, now: number): boolean {
    const before = this.#byGroup.get(group);
    if (before !== undefined && isDeepStrictEqual(before.beat, beat)) return false;
    this.#byGroup.set(group, { beat, since: before?.since ?? now });
    return true;
  }

  /** Forgets the report of a group: the next one counts as different. */
  forget(group: string): void {
    this.#byGroup.delete(group);
  }

  /** Forgets the reports of all other groups. */
  keep(groups: ReadonlySet<string>): void {
    for (const group of this.#byGroup.keys()) if (!groups.has(group)) this.#byGroup.delete(group);
  }

  /** Whether each of these groups was heard for a second, or was silent for three. */
  isComplete(groups: Iterable<string>, now: number): boolean {
    if (now - this.#startedAt >= silentForMs + heardForMs) return true;
    for (const group of groups) {
      const since = this.#byGroup.get(group)?.since;
      const isKnown =
        since === undefined ? now - this.#startedAt >= silentForMs : now - since >= heardForMs;
      if (!isKnown) return false;
    }
    return true;
  }
}
