import { assign, emit, setup } from "xstate";
import { failure, Reason, type Failure } from "../model/status/failure.ts";
import { backoffMs } from "../model/time/backoff.ts";
import { failureOf } from "./common/failure-of.ts";
import { notProvided } from "./common/not-provided.ts";
import {
  isLooping,
  loopBackoffMs,
  loopFailure,
  noRecurrence,
  recurring,
  steadyMs,
  type Recurrence,
} from "./common/recurrence.ts";

export interface CharonContext {
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** Counts sessions that ended. */
  readonly recurrence: Recurrence;
  /** Whether another list was requested while one was under way. */
  readonly wantedAgain: boolean;
}

export type CharonMachineEvent = { type: "sas.wanted" };

/** The events for the connections. */
export type CharonEmitted = { type: "charon.ready" } | { type: "charon.lost" };

/** One IKE daemon: keeps a VICI session and the list of SAs up to date. */
export const charonMachine = setup({
  types: {} as { context: CharonContext; events: CharonMachineEvent; emitted: CharonEmitted },
  actors: {
    /** Opens a session and subscribes to its events. */
    connect: notProvided<void, void>("connect"),
    /** Removes connections and SAs that are not declared; once per session. */
    prune: notProvided<void, void>("prune"),
    /** Lists the SAs and sends each connection its own. */
    list: notProvided<void, void>("list"),
    /** Settles when the session ends. */
    session: notProvided<void, void>("session"),
  },
  actions: {
    announceReady: emit({ type: "charon.ready" }),
    announceLost: emit({ type: "charon.lost" }),
    /** Counts a session that ended; many within a short time are a failure. */
    countSession: assign(({ context }) => {
      const recurrence = recurring(context.recurrence, "connected", "sessions with charon end");
      return isLooping(recurrence)
        ? { recurrence, failure: loopFailure(recurrence) }
        : { recurrence };
    }),
    fail: assign((_, params: { error: unknown }) => ({ failure: failureOf(params.error) })),
  },
  delays: {
    /** charon carries every tunnel, so the delay stays short. */
    backoff: ({ context }) =>
      Math.max(
        Math.min(backoffMs(context.attempt), 2_000),
        Math.min(loopBackoffMs(context.recurrence), 30_000),
      ),
    steady: steadyMs,
    /** Requests for a list within this time are answered by one list. */
    gather: 20,
    resync: 30_000,
  },
}).createMachine({
  id: "charon",
  context: { failure: undefined, attempt: 0, recurrence: noRecurrence, wantedAgain: false },
  initial: "connecting",
  states: {
    connecting: {
      description: "The agent opens the VICI socket.",
      invoke: {
        id: "connect",
        src: "connect",
        onDone: "connected",
        onError: {
          target: "waiting",
          actions: { type: "fail", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    waiting: {
      description: "charon does not answer; the agent retries.",
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      after: { backoff: "connecting" },
    },
    connected: {
      description: "A session is open. When it ends, the agent connects again.",
      invoke: {
        id: "session",
        src: "session",
        onDone: {
          target: "waiting",
          actions: [assign({ failure: closed }), { type: "countSession" }],
        },
        onError: {
          target: "waiting",
          actions: [
            { type: "fail", params: ({ event }) => ({ error: event.error }) },
            { type: "countSession" },
          ],
        },
      },
      initial: "pruning",
      states: {
        pruning: {
          description: "The agent removes what an earlier process left and no manifest declares.",
          invoke: { id: "prune", src: "prune", onDone: "synchronising", onError: "#charon.broken" },
        },
        synchronising: {
          description: "The agent lists the SAs and adopts those that exist.",
          invoke: { id: "list", src: "list", onDone: "ready", onError: "#charon.broken" },
        },
        ready: {
          description: "charon answers; events and lists of SAs keep the connections up to date.",
          entry: [assign({ failure: undefined, attempt: 0 }), { type: "announceReady" }],
          exit: { type: "announceLost" },
          after: { steady: { actions: assign({ recurrence: noRecurrence }) } },
          initial: "idle",
          states: {
            idle: { on: { "sas.wanted": "gathering" }, after: { resync: "listing" } },
            gathering: { after: { gather: "listing" } },
            listing: {
              entry: assign({ wantedAgain: false }),
              invoke: {
                id: "list",
                src: "list",
                onDone: [
                  { guard: ({ context }) => context.wantedAgain, target: "gathering" },
                  { target: "idle" },
                ],
                onError: "#charon.broken",
              },
              // A change after the request may be missing from the list.
              on: { "sas.wanted": { actions: assign({ wantedAgain: true }) } },
            },
          },
        },
      },
    },
    broken: {
      description: "The session did not answer and was discarded.",
      entry: [assign({ failure: closed }), { type: "countSession" }],
      always: "waiting",
    },
  },
});

function closed(): Failure {
  return failure(Reason.CharonUnavailable, "charon ended the VICI session");
}
