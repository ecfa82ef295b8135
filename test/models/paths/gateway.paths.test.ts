import { describe } from "node:test";
import { gatewayMachine } from "../../../src/machines/gateway.ts";
import type { GatewayContext } from "../../../src/machines/gateway-types.ts";
import { failure, Reason } from "../../../src/model/failure.ts";
import { connectionOf, gateway } from "../fixtures.ts";
import { coversItsChart } from "./covers.ts";
import { never } from "./graph.ts";

const [child] = connectionOf().children;
const error = { failure: failure(Reason.NetworkRejected, "EEXIST") };
const suite = { iv: 8, icv: 16, align: 4 };

describe("the gateway machine, by generated paths", () => {
  coversItsChart((held) => ({
    machine: gatewayMachine.provide({
      actors: {
        place: held.actor(),
        apply: held.actor(),
        watchKernel: held.actor() as never,
        announce: held.actor() as never,
      },
      guards: { looping: ({ context }) => context.recurrence.times > 1 },
      delays: { backoff: 1_000, resync: never, steady: never },
    }),
    input: { connectionId: "site", child },
    outputs: { apply: { repaired: true } },
    events: [
      { type: "endpoints.changed", gateway, workers: [] },
      { type: "endpoints.changed", gateway: undefined, workers: [] },
      { type: "child.changed", child },
      { type: "child.changed", child: { ...child, ifId: 7 } },
      { type: "tunnel.changed", tunnel: { suite, encapsulated: false, remoteHost: "" } },
      { type: "tunnel.changed", tunnel: { suite, encapsulated: true, remoteHost: "" } },
      { type: "kernel.changed" },
    ],
    facts: (context: GatewayContext) => [
      [context.gateway?.id, context.tunnel, context.child.ifId],
      [context.woken, Math.min(context.recurrence.times, 2)],
    ],
    errors: [error],
  }));
});
