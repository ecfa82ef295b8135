import { describe } from "node:test";
import { connectionMachine } from "../../../src/machines/connection/connection.ts";
import {
  noEndpoints,
  type ConnectionContext,
} from "../../../src/machines/connection/connection-types.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { childSpec, connectionOf, ikeSa, loadedNew } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import { never } from "./graph.ts";

const refused = failure(Reason.ConfigRejected, "unknown option: x");
const away = failure(Reason.CharonUnavailable, "no answer");
const unusable = failure(Reason.SecretInvalid, "is badly written");
const list = (...ikeSas: object[]) => ({ type: "sas.listed", ikeSas });
const connection = connectionOf();
const two = { "child-2": childSpec(2), "child-3": childSpec(3) };

describe("the connection machine on generated paths", () => {
  coversItsChart((held) => ({
    machine: connectionMachine.provide({
      actors: {
        child: held.actor() as never,
        load: held.actor(),
        terminateIke: held.actor(),
        withdrawKey: held.actor(),
        unload: held.actor(),
      },
      delays: { backoff: 1_000, moveDeadline: 30_000, steady: never },
    }),
    outputs: { load: loadedNew() },
    input: {
      connection,
      charonReady: false,
      secretRevision: undefined,
      keyFailure: undefined,
      endpoints: noEndpoints,
    },
    events: [
      { type: "charon.ready" },
      { type: "charon.lost" },
      { type: "secret.changed", revision: "r1" },
      { type: "secret.missing" },
      { type: "secret.missing", unreadable: true },
      { type: "secret.refused", failure: unusable },
      { type: "spec.changed", connection },
      { type: "spec.changed", connection: connectionOf({ children: two }) },
      { type: "spec.changed", connection: connectionOf({ extra: { rekey_time: "1h" } }) },
      { type: "endpoints.changed", endpoints: noEndpoints },
      list(),
      list(ikeSa({ state: "CONNECTING", children: [] })),
      list(ikeSa()),
      list(ikeSa({ state: "REKEYING" })),
      list(ikeSa({ tasks: ["IKE_MOBIKE"] })),
      list(ikeSa({ remoteId: "another-peer" })),
      { type: "sas.wanted" },
      { type: "path.missing" },
      { type: "peer.notified", failure: failure(Reason.AuthenticationFailed, "no") },
      { type: "peer.notified", failure: failure(Reason.PeerUnreachable, "silence") },
      { type: "restart" },
      { type: "delete" },
    ],
    facts: (context: ConnectionContext) => [
      [context.charonReady, context.secretRevision, context.failure?.reason],
      context.ikeSas.map(({ state, remoteId, tasks }) => [state, remoteId, tasks]),
      [context.running, context.outdated.length, context.pathMissing, context.keyToWithdraw],
    ],
    errors: [{ failure: refused }, { failure: away }],
  }));
});
