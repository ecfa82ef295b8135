import type { EchoPace } from "./echo-pace.ts";
import { lossesThatProve, withRun } from "./loss-share.ts";
import { answerWithinMs, withSample, type RoundTrip } from "./round-trip.ts";

/** The judgement of one echo request. */
export interface EchoOutcome {
  /** The round trip; undefined if no answer came in time. */
  readonly seconds: number | undefined;
  /** Whether so many requests in a row were lost that the target counts as unreachable. */
  readonly unreachable: boolean;
}

interface EchoRequest {
  readonly sequence: number;
  /** Milliseconds on the same clock as every `now` below. */
  readonly sentAt: number;
  /**
   * Undefined until its time is over; a late answer is still an answer. `excused`: the judgement itself
   * came late.
   */
  readonly end: "lost" | "excused" | undefined;
}

/** The requests of a probe and what is known from their answers. */
export interface EchoState {
  readonly pace: EchoPace;
  readonly startedAt: number;
  /** The requests without an answer, the latest last. */
  readonly requests: readonly EchoRequest[];
  /** The number of the latest request; 0 before the first. */
  readonly sequence: number;
  readonly sentAt: number | undefined;
  /** The number of the latest request that was answered. */
  readonly answered: number;
  readonly roundTrip: RoundTrip | undefined;
  /** The share of lost requests while the target was reachable. */
  readonly lossShare: number;
  readonly lostInRow: number;
  /** Whether requests were just left out since the judgement itself came late. */
  readonly wasExcused: boolean;
}

/** Sequence numbers on the wire have 16 bits. */
const wireMask = 0xffff;
/** The unanswered requests whose late answers are recognised. */
const mostRequests = 32;
/** A judgement that comes later than this may miss an answer that the machine has yet to process. */
const punctualMs = 50;
const leastTimeoutMs = 100;
const mostTimeoutMs = 1_000;
/** Between requests to a target that does not answer. */
const unreachableRestMs = 1_000;
/** No request is lost before: at the begin, routes to the target and back may be on the move. */
const settlingMs = 1_000;
const lostInRowOfSteady = 3;

/** The state before the first request. */
export function startOf(pace: EchoPace, now: number): EchoState {
  return {
    pace,
    startedAt: now,
    requests: [],
    sequence: 0,
    sentAt: undefined,
    answered: 0,
    roundTrip: undefined,
    lossShare: 0,
    lostInRow: 0,
    wasExcused: false,
  };
}

/** The number of the latest request as its packet has it. */
export function wireSequence({ sequence }: EchoState): number {
  return sequence & wireMask;
}

/** Takes a request that is sent now. */
export function withRequest(state: EchoState, now: number): EchoState {
  const sequence = state.sequence + 1;
  const request = { sequence, sentAt: now, end: undefined };
  const requests = [...state.requests.slice(1 - mostRequests), request];
  return { ...state, requests, sequence, sentAt: now };
}

/** Leaves the latest request out, which could not be sent; the next one is due after the usual rest. */
export function withoutRequest(state: EchoState): EchoState {
  const { requests, sequence } = state;
  return { ...state, requests: requests.filter((request) => request.sequence !== sequence) };
}

/** Takes an answer, by its number on the wire; without an outcome if no request waits for it. */
export function withAnswer(
  state: EchoState,
  wire: number,
  now: number,
): { readonly state: EchoState; readonly outcome?: EchoOutcome } {
  const request = state.requests.findLast(({ sequence }) => (sequence & wireMask) === wire);
  if (request === undefined) return { state };
  const { roundTrip, lossShare, lostInRow } = state;
  const elapsedMs = now - request.sentAt;
  // The time that this process needed to read a waiting answer is not part of the round trip.
  const isMeasured = request.end !== "excused" && now - dueAt(state) <= punctualMs;
  // A packet that waited for a neighbour's address, as after an outage, is not a longer link.
  const sampleMs = Math.min(elapsedMs, 2 * timeoutOf(state));
  const lost = request.end === "lost" ? Math.max(lostInRow - 1, 0) : lostInRow;
  const next: EchoState = {
    ...state,
    requests: state.requests.filter((one) => one !== request),
    answered: Math.max(state.answered, request.sequence),
    roundTrip: isMeasured ? withSample(roundTrip, sampleMs) : roundTrip,
    // An outage says nothing about the losses of the link.
    lossShare: isUnreachable(state) ? lossShare : withRun(lossShare, lost),
    lostInRow: 0,
    wasExcused: false,
  };
  return { state: next, outcome: { seconds: elapsedMs / 1_000, unreachable: false } };
}

/**
 * Judges the requests whose time is over, after every answer was taken that has arrived. If this comes
 * too late, the requests are left out, but not twice in a row.
 */
export function judged(
  state: EchoState,
  now: number,
): { readonly state: EchoState; readonly outcomes: readonly EchoOutcome[] } {
  const overdue = state.requests.filter(
    (request) => request.end === undefined && deadlineOf(state, request) <= now,
  );
  if (overdue.length === 0) return { state, outcomes: [] };
  const isExcused = now - dueAt(state) > punctualMs && !state.wasExcused;
  const end = isExcused ? "excused" : "lost";
  const requests = state.requests.map((request): EchoRequest =>
    overdue.includes(request) ? { ...request, end } : request,
  );
  let next: EchoState = { ...state, requests, wasExcused: isExcused };
  if (isExcused) return { state: next, outcomes: [] };
  const outcomes = overdue.map(({ sequence }) => {
    // A later request was answered, so this loss is not part of a row.
    if (sequence > next.answered) next = { ...next, lostInRow: next.lostInRow + 1 };
    return { seconds: undefined, unreachable: isUnreachable(next) };
  });
  return { state: next, outcomes };
}

/** Whether the next request is due. */
export function isSendDue(state: EchoState, now: number): boolean {
  return sendAt(state) <= now;
}

/** When the next request or judgement is due. */
export function dueAt(state: EchoState): number {
  const deadlines = state.requests
    .filter(({ end }) => end === undefined)
    .map((request) => deadlineOf(state, request));
  return Math.min(sendAt(state), ...deadlines);
}

function sendAt(state: EchoState): number {
  const { pace, requests, sequence, sentAt, startedAt } = state;
  if (sentAt === undefined) return startedAt;
  if (isUnreachable(state))
    return sentAt + Math.max(pace.restMs, pace.kind === "adaptive" ? unreachableRestMs : 0);
  const last = requests.at(-1);
  return last?.sequence === sequence && last.end !== undefined ? sentAt : sentAt + pace.restMs;
}

function deadlineOf(state: EchoState, { sentAt }: EchoRequest): number {
  const deadline = sentAt + timeoutOf(state);
  return state.pace.kind === "steady" ? deadline : Math.max(deadline, state.startedAt + settlingMs);
}

function timeoutOf({ pace, roundTrip }: EchoState): number {
  if (pace.kind === "steady") return pace.restMs;
  if (roundTrip === undefined) return mostTimeoutMs;
  const mostMs = Math.max(mostTimeoutMs, pace.restMs);
  return Math.min(Math.max(answerWithinMs(roundTrip), leastTimeoutMs), mostMs);
}

function isUnreachable({ pace, lossShare, lostInRow }: EchoState): boolean {
  const needed = pace.kind === "steady" ? lostInRowOfSteady : lossesThatProve(lossShare);
  return lostInRow >= needed;
}
