import { describe } from "node:test";
import { assign, type AnyEventObject } from "xstate";
import type { PathContext } from "../../../src/machines/path/path-types.ts";
import { warmStandby } from "../../../src/model/api/path.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { childSpec, connectionOf, ikeSa, loadedNew } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import { heldPath } from "./held-machines.ts";
import { never, type Walk } from "./graph.ts";
import type { Held } from "./replay.ts";

const refused = failure(Reason.ConfigRejected, "unknown option: x");
const away = failure(Reason.CharonUnavailable, "no answer");
const unrekeyed = failure(Reason.RekeyRefused, "no");
const unusable = failure(Reason.SecretInvalid, "is badly written");
const list = (...ikeSas: object[]) => ({ type: "sas.listed", ikeSas });
const connection = connectionOf();
const standby = warmStandby(connection);
const two = { "child-2": childSpec(2), "child-3": childSpec(3) };

const walk =
  (events: readonly AnyEventObject[], counts = false) =>
  (held: Held): Walk => ({
    machine: heldPath(held).provide({
      actions: {
        takeReport: assign(({ event }) =>
          event.type === "child.up" ? { carrying: [event.child] } : { carrying: [] },
        ),
      },
      // After two losses: the paths are short then.
      guards: { looping: ({ context }) => context.recurrence.times > 1 },
      delays: {
        backoff: 1_000,
        redial: 1_000,
        moveDeadline: 30_000,
        halt: 60_000,
        steady: never,
        surplusSettle: 10_000,
        crowdSettle: 1_000,
      },
    }),
    outputs: { load: loadedNew() },
    input: {
      path: "main",
      connection,
      charonReady: false,
      secretRevision: undefined,
      keyFailure: undefined,
    },
    events: [
      { type: "charon.ready" },
      { type: "secret.changed", revision: "r1" },
      list(),
      list(ikeSa()),
      ...events,
    ],
    facts: (context: PathContext) => [
      [context.charonReady, context.secretRevision, context.failure?.reason],
      context.ikeSas.map(({ state, remoteId, tasks }) => [state, remoteId, tasks]),
      [context.running, context.outdated.length, context.pathMissing, context.keyToWithdraw],
      [context.carrying, context.connection.standsBy, context.purges],
      counts && [context.recurrence.state, Math.min(context.recurrence.times, 2)],
    ],
    errors: [{ failure: refused }, { failure: away }],
  });

const tunnel = { suite: { iv: 8, icv: 16, align: 4 }, encapsulated: false, remoteHost: "" };
const rekeying = list(ikeSa({ state: "REKEYING" }));
const moving = list(ikeSa({ tasks: ["IKE_MOBIKE"] }));
const notified = { type: "peer.notified", failure: failure(Reason.AuthenticationFailed, "no") };
const numbered = (uniqueId: string) => ikeSa({ uniqueId });
const another = list(ikeSa({ remoteId: "another-peer" }));

describe("the path machine, by generated paths", () => {
  // Losses have a counter of their own, and a second IKE SA adds many lists.
  coversItsChart(
    walk([
      { type: "charon.lost" },
      { type: "secret.missing" },
      { type: "secret.missing", unreadable: true },
      { type: "secret.refused", failure: unusable },
      { type: "spec.changed", connection },
      { type: "spec.changed", connection: connectionOf({ children: two }) },
      { type: "spec.changed", connection: connectionOf({ extra: { rekey_time: "1h" } }) },
      list(ikeSa({ state: "CONNECTING", children: [] })),
      rekeying,
      moving,
      another,
      { type: "sas.wanted" },
      { type: "tunnel.changed", child: "child-2", tunnel },
      { type: "path.missing" },
      notified,
      { type: "peer.notified", failure: failure(Reason.PeerUnreachable, "silence") },
      { type: "rekey.refused", child: undefined, failure: unrekeyed },
      { type: "rekey.refused", child: "child-2", failure: unrekeyed },
      { type: "restart" },
      { type: "attract" },
      { type: "delete" },
    ]),
    walk([rekeying, moving, notified, { type: "configuration.lost" }], true),
    walk([{ type: "lifetime.hasty", lifetime: 60 }], true),
    walk([
      { type: "child.up", child: "child-2" },
      { type: "child.down", child: "child-2", failed: true },
      { type: "spec.changed", connection, ends: "all" },
      { type: "purge.ended" },
    ]),
    walk(
      [
        { type: "spec.changed", connection: standby },
        { type: "spec.changed", connection },
        list(ikeSa({ state: "CONNECTING", children: [] })),
        { type: "peer.notified", failure: failure(Reason.ProtocolError, "malformed") },
        { type: "configuration.lost" },
      ],
      true,
    ),
    walk([
      rekeying,
      another,
      list(ikeSa(), ikeSa({ uniqueId: "8" })),
      list(ikeSa({ remoteId: "another-peer" }), ikeSa({ uniqueId: "8" })),
      { type: "configuration.lost" },
    ]),
    walk([
      another,
      list(ikeSa(), ikeSa({ uniqueId: "8" })),
      list(ikeSa(), ikeSa({ uniqueId: "8" }), ikeSa({ uniqueId: "9" })),
      list(ikeSa({ remoteId: "another-peer" }), ...["8", "9", "10"].map(numbered)),
    ]),
  );
});
