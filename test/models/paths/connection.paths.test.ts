import { describe } from "node:test";
import { assign, enqueueActions, type AnyEventObject } from "xstate";
import { connectionMachine } from "../../../src/machines/connection/connection.ts";
import {
  noEndpoints,
  pathActorId,
  type ConnectionContext,
} from "../../../src/machines/connection/connection-types.ts";
import type { Connection } from "../../../src/model/api/connection.ts";
import { pathConnections } from "../../../src/model/api/path.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { childSpec, connectionOf, gateway } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import type { Walk } from "./graph.ts";
import type { Held } from "./replay.ts";

const refused = failure(Reason.AuthenticationFailed, "no");
const suite = { iv: 8, icv: 16, align: 4 };
const path = "main";

/** The path has a snapshot with that public state and failure. Events are compared as JSON: no Set. */
const moved = (to: string, known?: typeof refused, of = path) => ({
  type: `xstate.snapshot.path.${of}`,
  to,
  snapshot: { context: { path: of, failure: known } },
});

const twoPaths = connectionOf({
  paths: [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }],
});

/** The same paths, of which this group has the first one. */
const dividedPaths = {
  ...connectionOf({
    paths: [
      { name: "main", nodeName: "n1" },
      { name: "backup", remoteAddr: "192.0.2.9", nodeName: "n2" },
    ],
  }),
  here: ["main"],
};

const heard = (group: string, changes: object = {}) => ({
  type: "beat.heard",
  group,
  beat: {
    connection: "site",
    epoch: 1,
    active: "main",
    dialled: undefined,
    cause: "start",
    leading: false,
    paths: [{ path: "backup", ready: true, up: false, failed: false }],
    ...changes,
  },
});

const decided = (active: string, dialled?: string) => ({
  type: "path.decided",
  active,
  dialled,
  cause: "lost",
});

const ofOnePath: readonly AnyEventObject[] = [
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
  decided("main"),
  { type: "endpoints.changed", endpoints: new Map([["child-2", { gateway, workers: [] }]]) },
  { type: "delete" },
];

const startPaths = enqueueActions(({ enqueue, context }) => {
  const { connection, paths } = context as unknown as ConnectionContext;
  const views = pathConnections(connection)
    .filter(({ path: name }) => !paths.some((known) => known.path === name))
    .map(({ path: name }) => ({ path: name, state: "pending", failure: undefined, carried: [] }));
  for (const { path: name } of views)
    enqueue.spawnChild("path" as never, { id: pathActorId(name) });
  enqueue.assign({ paths: [...paths, ...views] } as never);
}) as never;

/** Takes the state from the events above, which stand for the snapshots of paths. */
const takeState = assign(({ context, event }) => {
  const { paths } = context as unknown as ConnectionContext;
  const { to, snapshot } = event as unknown as ReturnType<typeof moved>;
  const { path: name, failure: known } = snapshot.context;
  const view = { state: to, failure: known };
  return { paths: paths.map((one) => (one.path === name ? { ...one, ...view } : one)) } as never;
}) as never;

const walkOf =
  (connection: Connection, events: readonly AnyEventObject[]) =>
  (held: Held): Walk => ({
    machine: connectionMachine.provide({
      actors: {
        path: held.actor() as never,
        gateway: held.actor() as never,
        failover: held.actor() as never,
      },
      guards: { isNews: ({ event }) => "to" in event },
      actions: { startPaths, takeState, forward: () => {} },
    }),
    input: { connection, endpoints: noEndpoints, charonReady: true, keys: {} },
    events,
    facts: ({ choice, ...context }: ConnectionContext) => [
      [context.gateways, context.active, context.dialled, context.dials, context.charonReady],
      [context.chosen, choice.epoch, context.via, choice.groups, choice.absent],
      [choice.leaves, choice.leaving],
      [choice.peersKnown, context.connection.here, choice.settled.length > 0],
      context.paths.map(({ path: name, state, failure: known }) => [name, state, known?.reason]),
      [choice.up, choice.awaited, Object.keys(context.keys)],
      context.connection.children.map(({ key }) => key),
    ],
    errors: [],
  });

describe("the connection machine on generated paths", () => {
  coversItsChart(
    walkOf(connectionOf(), ofOnePath),
    walkOf(twoPaths, [
      ...["negotiating", "established"].flatMap((to) => [
        moved(to),
        moved(to, undefined, "backup"),
      ]),
      decided("backup"),
      decided("main", "backup"),
      decided("main"),
      { type: "spec.changed", connection: twoPaths },
      { type: "spec.changed", connection: connectionOf() },
      { type: "path.failed", path },
      { type: "probes.judged", answered: false },
      { type: "path.carries", path, children: ["child-2"] },
      { type: "restart" },
      ...["main", "backup"].map((left) => ({ type: "path.left", path: left, intact: true })),
      { type: "probes.judged", answered: false },
      ...["move", "sas.complete", "charon.ready", "charon.lost", "delete"].map((type) => ({
        type,
      })),
    ]),
    // Planned moves to a path with an IKE SA, there and back.
    walkOf(twoPaths, [
      moved("established", undefined, "backup"),
      { ...decided("main", "backup"), cause: "move" },
      { ...decided("backup"), cause: "move" },
      { type: "path.carries", path: "backup", children: ["child-2"] },
      { type: "peers.silent", paths: ["backup"] },
      { type: "handover.announced" },
      { type: "handover.ended" },
      { type: "delete" },
    ]),
    walkOf(dividedPaths, [
      { type: "path.settled", path },
      { type: "path.carries", path, children: ["child-2"] },
      { ...decided("main", "backup"), epoch: 1 },
      { ...decided("backup"), epoch: 2, waits: true },
      heard("node:n2"),
      heard("node:n2", { active: "backup", leading: true }),
      heard("node:n3"),
      { type: "group.absent", group: "node:n2" },
      { type: "group.present", group: "node:n2" },
      ...[true, false].map((leaves) => ({ type: "group.leaves", leaves })),
      { type: "peers.known" },
      { type: "spec.changed", connection: dividedPaths },
      { type: "charon.lost" },
      { type: "delete" },
    ]),
  );
});
