import type { ChildCounters } from "./sa-counters.ts";

/** The counters of a child that carries traffic, since a packet came back last. */
export interface AnswerWatch {
  readonly packetsIn: number;
  /** The number of sent packets when one came back last. */
  readonly packetsOut: number;
  /** Milliseconds of a monotonic clock. */
  readonly since: number;
}

/** A few packets may be without an answer. */
const fewestSent = 3;

/** The time without an answer that no round trip takes; milliseconds. */
const silentMs = 1_500;

/**
 * Takes the counters. A rekey makes them fall, and the time begins again.
 *
 * @param now milliseconds of a monotonic clock
 */
export function watchedAnswers(
  before: AnswerWatch | undefined,
  { packetsIn, packetsOut }: ChildCounters,
  now: number,
): AnswerWatch {
  return before !== undefined && packetsIn === before.packetsIn && packetsOut >= before.packetsOut
    ? before
    : { packetsIn, packetsOut, since: now };
}

/** Whether no packet comes back although packets leave. */
export function isSilent(watch: AnswerWatch, { packetsOut }: ChildCounters, now: number): boolean {
  return packetsOut - watch.packetsOut >= fewestSent && now - watch.since >= silentMs;
}

/** Whether packets have come back since. */
export function hasReturned(watch: AnswerWatch, { packetsIn }: ChildCounters): boolean {
  return packetsIn > watch.packetsIn;
}
