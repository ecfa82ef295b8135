import { describe } from "node:test";
import { enqueueActions, type AnyEventObject } from "xstate";
import { connectionMachine } from "../../../src/machines/connection/connection.ts";
import {
  noEndpoints,
  type ConnectionContext,
} from "../../../src/machines/connection/connection-types.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { childSpec, connectionOf, gateway } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import type { Walk } from "./graph.ts";
import type { Held } from "./replay.ts";

const refused = failure(Reason.AuthenticationFailed, "no");
const suite = { iv: 8, icv: 16, align: 4 };
const path = "main";

/** The path has a snapshot with that public state and failure. Events are compared as JSON: no Set. */
const moved = (to: string, known?: typeof refused) => ({
  type: "xstate.snapshot.path.main",
  to,
  snapshot: { context: { failure: known } },
});

const events: readonly AnyEventObject[] = [
  ...["pending", "negotiating", "established", "rekeying", "failed"].flatMap((to) => [
    moved(to),
    moved(to, refused),
  ]),
  { type: "charon.ready" },
  { type: "charon.lost" },
  { type: "secret.changed", revision: "r1" },
  { type: "secret.missing" },
  { type: "secret.refused", failure: refused },
  { type: "sas.listed", ikeSas: [] },
  { type: "sas.wanted", path },
  { type: "peer.notified", failure: refused },
  { type: "rekey.refused", child: undefined, failure: refused },
  { type: "lifetime.hasty", lifetime: 60 },
  { type: "path.missing" },
  { type: "configuration.lost" },
  { type: "restart" },
  {
    type: "tunnel.changed",
    path,
    child: "child-2",
    tunnel: { suite, encapsulated: false, remoteHost: "" },
  },
  { type: "child.ended", path, child: "child-3" },
  {
    type: "spec.changed",
    connection: connectionOf({ children: { "child-2": childSpec(2), "child-3": childSpec(3) } }),
  },
  { type: "spec.changed", connection: connectionOf() },
  { type: "endpoints.changed", endpoints: new Map([["child-2", { gateway, workers: [] }]]) },
  { type: "delete" },
];

const startPath = enqueueActions(({ enqueue }) => {
  enqueue.spawnChild("path" as never, { id: "path.main" });
  enqueue.assign({ paths: ["path.main"] } as never);
}) as never;

const walk = (held: Held): Walk => ({
  machine: connectionMachine.provide({
    actors: { path: held.actor() as never, gateway: held.actor() as never },
    // The events above stand for the path's snapshots.
    guards: { pathIs: ({ event }, { state }) => "to" in event && event.to === state },
    actions: { startPath, forward: () => {} },
  }),
  input: {
    connection: connectionOf(),
    endpoints: noEndpoints,
    charonReady: true,
    secretRevision: "r1",
    keyFailure: undefined,
  },
  events,
  facts: (context: ConnectionContext) => [
    [context.paths, context.gateways, context.failure?.reason],
    context.connection.children.map(({ key }) => key),
  ],
  errors: [],
});

describe("the connection machine on generated paths", () => {
  coversItsChart(walk);
});
