import { describe } from "node:test";
import { gatewayMachine } from "../../../src/machines/gateway/gateway.ts";
import { changedByOthers } from "../../../src/machines/gateway/gateway-fights.ts";
import type {
  GatewayContext,
  GatewayEvent,
  KernelPart,
} from "../../../src/machines/gateway/gateway-types.ts";
import type { Child } from "../../../src/model/api/connection.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import { connectionOf, gateway } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import { never } from "./graph.ts";
import type { Held } from "./replay.ts";

const child = connectionOf().children[0] as Child;
const error = { failure: failure(Reason.NetworkRejected, "EEXIST") };
const suite = { iv: 8, icv: 16, align: 4 };
const tunnel = (encapsulated: boolean) => ({ suite, encapsulated, remoteHost: "" });

const partOf = (event: GatewayEvent) =>
  (event.type === "kernel.changed" ? event.part : undefined) ?? "namespace";
/** The causes that a guard reads. */
const counted = /algorithms|another program/;
/** A part counts as contested after two repairs, so that the paths are short. */
const isFought = ({ recurrences }: GatewayContext, part: KernelPart) =>
  recurrences.some(({ cause, times }) => cause === changedByOthers(part) && times > 1);
const isContested = (context: GatewayContext) =>
  context.wokenBy.length > 0 && context.wokenBy.every((part) => isFought(context, part));

describe("the gateway machine on generated paths", () => {
  const walkOf =
    (events: readonly GatewayEvent[], errors: readonly unknown[], repaired = true) =>
    (held: Held) => ({
      machine: gatewayMachine.provide({
        actors: {
          place: held.actor(),
          remove: held.actor(),
          apply: held.actor(),
          attend: held.actor() as never,
          hold: held.actor() as never,
        },
        guards: {
          looping: ({ context: { recurrences } }) =>
            recurrences.some(({ cause, times }) => /algorithms/.test(cause) && times > 1),
          calmable: () => true,
          contested: ({ context }) => isContested(context),
          fresh: ({ context, event }) =>
            context.attempt === 0 && isContested(context) && !isFought(context, partOf(event)),
        },
        delays: { backoff: 1_000, calm: never, resync: never, steady: never },
      }),
      input: { connection: connectionOf(), child, tunnels: [child.ifId] },
      outputs: { apply: { repaired } },
      events: [
        { type: "endpoints.changed", gateway, workers: [] },
        { type: "endpoints.changed", gateway: undefined, workers: [] },
        { type: "stop" },
        ...events,
      ],
      facts: (context: GatewayContext) => [
        [context.gateway?.id, context.tunnel, context.child.ifId, context.held],
        [context.changed, context.wokenBy, Math.min(context.attempt, 2)],
        context.recurrences
          .filter(({ cause }) => counted.test(cause))
          .map(({ cause, times }) => [cause, Math.min(times, 2)]),
      ],
      errors,
    });
  // Events with separate counters have separate walks, since a single walk would take too long.
  coversItsChart(
    walkOf(
      [
        { type: "child.changed", connection: connectionOf(), child, tunnels: [2] },
        {
          type: "child.changed",
          connection: connectionOf(),
          child: { ...child, ifId: 7 },
          tunnels: [7],
        },
      ],
      [error],
    ),
    walkOf(
      [
        { type: "tunnel.changed", tunnel: tunnel(false) },
        { type: "tunnel.changed", tunnel: tunnel(true) },
        { type: "tunnels.changed", tunnels: [7, 2], tunnel: tunnel(true) },
        { type: "tunnels.changed", tunnels: [2, 7], tunnel: undefined },
      ],
      [],
    ),
    walkOf(
      [
        { type: "kernel.changed", part: "routes" },
        { type: "kernel.changed", part: "addresses" },
      ],
      [],
    ),
    walkOf(
      [
        { type: "hold" },
        { type: "release" },
        { type: "tunnels.changed", tunnels: [7, 2], tunnel: undefined },
      ],
      [],
    ),
    walkOf([{ type: "announce" }], [error]),
    walkOf([{ type: "kernel.changed", part: "routes" }], [], false),
    walkOf(
      [
        { type: "attend.failed", duty: "watch", error },
        { type: "attend.failed", duty: "announce", error },
      ],
      [],
    ),
  );
});
