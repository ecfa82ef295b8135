import type { PeerEvent } from "./peer/link.ts";
import type { Purpose } from "./peer/purpose.ts";
import type { PeerOptions } from "./peer/simulated-peer.ts";

/** A simulated peer in the lab. */
export interface LabPeer extends PeerOptions {
  readonly name: string;
  readonly address: string;
}

/** A line of the journal; `at` is in milliseconds since the peers started. */
export type JournalEntry = {
  readonly at: number;
  readonly peer: string;
} & (PeerEvent | { readonly event: "listening" });

/**
 * When the other side asked a peer for SAs, without repetitions, in milliseconds after it began
 * the first IKE SA.
 */
export interface AskedSas {
  /** IKE SAs, without rekeys. */
  readonly ike: readonly number[];
  /** CHILD SAs, without rekeys. */
  readonly child: readonly number[];
  /** Rekeys of either. */
  readonly rekeys: readonly number[];
}

/** Reads a journal. A line that the process wrote for people is not an entry. */
export function journalIn(text: string): JournalEntry[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as JournalEntry);
}

/** The SAs that the other side asked a peer for. */
export function askedSas(journal: readonly JournalEntry[], peer: string): AskedSas {
  const requests = journal.flatMap((entry) =>
    entry.peer === peer && entry.event === "request" ? [entry] : [],
  );
  const start = requests[0]?.at ?? 0;
  const timesOf = (...purposes: readonly Purpose[]) => {
    const first = new Map<string, number>();
    for (const { at, ike, purpose, messageId } of requests) {
      // A repeated IKE_SA_INIT, with another group for example, begins the same IKE SA.
      const key = `${ike} ${messageId}`;
      if (purpose === undefined || !purposes.includes(purpose) || first.has(key)) continue;
      first.set(key, at - start);
    }
    return [...first.values()];
  };
  return {
    ike: timesOf("ikeSa"),
    child: timesOf("authentication", "newChild"),
    rekeys: timesOf("childRekey", "ikeRekey"),
  };
}
