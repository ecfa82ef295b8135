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
  /** Of sessions that ended. */
  readonly recurrence: Recurrence;
  /** A list was asked for while one was under way. */
  readonly wantedAgain: boolean;
}

export type CharonMachineEvent = { type: "sas.wanted" };

/** What the connections are told. */
export type CharonEmitted = { type: "charon.ready" } | { type: "charon.lost" };

/** One IKE daemon: keeps a session with it, and everyone informed of its SAs. */
export const charonMachine = setup({
  types: {} as { context: CharonContext; events: CharonMachineEvent; emitted: CharonEmitted },
  actors: {
    /** Opens a session and subscribes to its events. */
    connect: notProvided<void, void>("connect"),
    /** Removes what nobody declares any more; once per session. */
    prune: notProvided<void, void>("prune"),
    /** Lists the SAs and tells each connection of its own. */
    list: notProvided<void, void>("list"),
    /** Settles when the session ends. */
    session: notProvided<void, void>("session"),
  },
  actions: {
    announceReady: emit({ type: "charon.ready" }),
    announceLost: emit({ type: "charon.lost" }),
    /** A session is over; where many were within a short time, that is what fails. */
    countSession: assign(({ context }) => {
      const recurrence = recurring(context.recurrence, "connected", "sessions with charon end");
      return isLooping(recurrence)
        ? { recurrence, failure: loopFailure(recurrence) }
        : { recurrence };
    }),
    fail: assign((_, params: { error: unknown }) => ({ failure: failureOf(params.error) })),
  },
  delays: {
    /** charon carries every tunnel: one that answers is not kept waiting for long. */
    backoff: ({ context }) =>
      Math.max(
        Math.min(backoffMs(context.attempt), 2_000),
        Math.min(loopBackoffMs(context.recurrence), 30_000),
      ),
    steady: steadyMs,
    /** Lists that are wanted close together are one. */
    gather: 20,
    resync: 30_000,
  },
}).createMachine({
  id: "charon",
  context: { failure: undefined, attempt: 0, recurrence: noRecurrence, wantedAgain: false },
  initial: "connecting",
  states: {
    connecting: {
      description: "The VICI socket is opened.",
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
      description: "charon does not answer; it is tried again.",
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      after: { backoff: "connecting" },
    },
    connected: {
      description: "A session is open. When it ends, everything starts over.",
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
          description: "What an earlier process left and nobody declares is removed.",
          invoke: { id: "prune", src: "prune", onDone: "synchronising", onError: "#charon.broken" },
        },
        synchronising: {
          description: "The SAs are listed, so that those that exist are adopted.",
          invoke: { id: "list", src: "list", onDone: "ready", onError: "#charon.broken" },
        },
        ready: {
          description: "charon answers; events and the list keep the connections informed.",
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
              // What changed after the list was asked for may not be in it.
              on: { "sas.wanted": { actions: assign({ wantedAgain: true }) } },
            },
          },
        },
      },
    },
    broken: {
      description: "The session gave no answer and was discarded.",
      entry: [assign({ failure: closed }), { type: "countSession" }],
      always: "waiting",
    },
  },
});

function closed(): Failure {
  return failure(Reason.CharonUnavailable, "charon ended the VICI session");
}
