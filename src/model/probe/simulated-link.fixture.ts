import {
  dueAt,
  isSendDue,
  judged,
  startOf,
  wireSequence,
  withAnswer,
  withRequest,
  type EchoState,
} from "./echo-judge.ts";
import type { EchoPace } from "./echo-pace.ts";

/** A link, and the machine at its near end, in simulated milliseconds. */
export interface SimulatedLink {
  /** The round trip of a request that is sent at this time; undefined if it is lost. */
  readonly roundTripMs: (sentAt: number, sequence: number) => number | undefined;
  /** The process that judges does not run in these times. */
  readonly stalls?: readonly Stall[];
}

interface Stall {
  readonly from: number;
  readonly to: number;
  /** Whether the kernel does not run either: what has arrived is readable 5 ms after the stall. */
  readonly ofMachine?: boolean;
}

/** The requests on a link and their judgements. */
export interface LinkRecord {
  readonly sent: readonly number[];
  /** The consecutive judgements "lost" up to each of them. */
  readonly rows: readonly number[];
  /** When the target began to count as unreachable, and as reachable again. */
  readonly unreachable: readonly number[];
  readonly reachable: readonly number[];
  readonly state: EchoState;
}

/** Probes over a simulated link until the given time, as the adapter does. */
export function probeOver(link: SimulatedLink, pace: EchoPace, untilMs: number): LinkRecord {
  const { roundTripMs, stalls = [] } = link;
  const sent: number[] = [];
  const rows: number[] = [];
  const changes: { readonly at: number; readonly unreachable: boolean }[] = [];
  let row = 0;
  let now = 0;
  let state = startOf(pace, now);
  let arrivals: { readonly at: number; readonly wire: number }[] = [];
  const isReadable = ({ at }: { readonly at: number }) => at <= now;
  const note = (unreachable: boolean) => {
    if (changes.at(-1)?.unreachable !== unreachable) changes.push({ at: now, unreachable });
  };
  const receive = () => {
    for (const { wire } of arrivals.filter(isReadable)) {
      const answer = withAnswer(state, wire, now);
      state = answer.state;
      if (answer.outcome === undefined) continue;
      note(false);
      row = 0;
    }
    arrivals = arrivals.filter((arrival) => !isReadable(arrival));
  };
  const step = () => {
    const judgement = judged(state, now);
    state = judgement.state;
    for (const { unreachable } of judgement.outcomes) {
      rows.push(++row);
      if (unreachable) note(true);
    }
    if (!isSendDue(state, now)) return;
    state = withRequest(state, now);
    sent.push(now);
    const tripMs = roundTripMs(now, state.sequence);
    if (tripMs === undefined) return;
    const stall = stalls.find(({ from, to }) => from <= now + tripMs && now + tripMs < to);
    const at = stall?.ofMachine === true ? stall.to + 5 : now + tripMs;
    arrivals = [...arrivals, { at, wire: wireSequence(state) }].toSorted((a, b) => a.at - b.at);
  };
  while (now < untilMs) {
    const next = Math.max(now, Math.min(dueAt(state), arrivals[0]?.at ?? Infinity));
    now = stalls.find(({ from, to }) => from <= next && next < to)?.to ?? next;
    receive();
    if (dueAt(state) <= now) step();
  }
  const timesOf = (unreachable: boolean) =>
    changes.filter((change) => change.unreachable === unreachable).map(({ at }) => at);
  return { sent, rows, unreachable: timesOf(true), reachable: timesOf(false), state };
}

/** Random numbers from 0 to 1 that are the same in each run. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
