import { describe } from "node:test";
import type { AnyEventObject } from "xstate";
import type { ChildContext } from "../../../src/machines/child/child-types.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import type { Child } from "../../../src/model/api/connection.ts";
import { childSa, childSpec, connectionOf, ikeSa } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import { never, type Walk } from "./graph.ts";
import { heldChild } from "./held-machines.ts";
import type { Held } from "./replay.ts";

const refused = failure(Reason.AuthenticationFailed, "no");
const silent = failure(Reason.PeerUnreachable, "silence");
const ended = failure(Reason.PeerClosed, "ended");
const unrekeyed = failure(Reason.RekeyRefused, "no");
const unexplained = failure(Reason.NegotiationFailed, "establishing CHILD_SA failed");
const list = (...ikeSas: object[]) => ({ type: "sas.listed", ikeSas });

function childOf(changes: object): Child {
  return connectionOf({ children: { "child-2": childSpec(2, changes) } }).children[0] as Child;
}

const events = (child: Child): AnyEventObject[] => [
  { type: "connection.loaded" },
  { type: "connection.unloaded" },
  list(),
  list(ikeSa({ state: "CONNECTING", children: [] })),
  list(ikeSa()),
  list(ikeSa({ children: [childSa({ state: "REKEYING" })] })),
  list(ikeSa({ children: [childSa({ remoteSelectors: ["10.9.0.0/16"] })] })),
  { type: "peer.notified", failure: refused },
  { type: "peer.notified", failure: silent },
  { type: "peer.notified", failure: ended },
  { type: "child.changed", connection: connectionOf(), child, replaces: false },
  { type: "child.changed", connection: connectionOf(), child, replaces: true },
  { type: "rekey.refused", failure: unrekeyed },
  { type: "rekey" },
  { type: "stop" },
];

/** A child of a path that is chosen, stands by and is chosen again. */
const standing = (child: Child): AnyEventObject[] => [
  { type: "connection.loaded" },
  list(),
  list(ikeSa({ state: "CONNECTING", children: [] })),
  list(ikeSa()),
  ...[child, { ...child, initiates: false, standsBy: true }].map((changed) => ({
    type: "child.changed",
    connection: connectionOf(),
    child: changed,
    replaces: false,
  })),
];

const walk =
  (child: Child, eventsOf = events) =>
  (held: Held): Walk => ({
    machine: heldChild(held).provide({
      guards: {
        looping: ({ context }) => context.recurrence.times > 1,
        exhausted: ({ context }) => context.attempt > 0,
        calmable: () => true,
      },
      delays: { backoff: 1_000, stalledRetry: 60_000, slow: never, calm: never, steady: never },
    }),
    input: { connection: connectionOf(), child, loaded: false },
    events: eventsOf(child),
    facts: (context: ChildContext) => [
      [context.loaded, context.loadedSince, context.busy, context.child.initiates],
      context.sas.map(({ state, remoteSelectors }) => [state, remoteSelectors]),
      [context.failure?.retryable, context.hint?.retryable],
      [Math.min(context.recurrence.times, 2), Math.min(context.attempt, 1), context.tried.length],
    ],
    errors: [{ failure: refused }, { failure: silent }, { failure: unexplained }],
  });

describe("the child machine on generated paths", () => {
  coversItsChart(
    walk(childOf({})),
    walk(childOf({ extra: { start_action: "none" } })),
    walk(childOf({}), standing),
  );
});
