import { createActor, SimulatedClock } from "xstate";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import {
  noEndpoints,
  type ConnectionEvent,
} from "../../src/machines/connection/connection-types.ts";
import type { Connection } from "../../src/model/api/connection.ts";
import { Calls, gatewayWith, loadedNew, settled } from "./fixtures.ts";
import { pathWith } from "./path-harness.ts";

const key = { secretRevision: "r1", keyFailure: undefined };

/** A connection's actor that is not started yet, with recorded effects and a simulated clock. */
export function connectionActor(connection: Connection, charonReady = true) {
  const calls = new Calls();
  calls.give("load", loadedNew());
  calls.give("apply", { repaired: false });
  const machine = connectionMachine.provide({
    actors: { path: pathWith(calls), gateway: gatewayWith(calls) },
  });
  const keys = { main: key, backup: key };
  const clock = new SimulatedClock();
  const input = { connection, endpoints: noEndpoints, charonReady, keys };
  const actor = createActor(machine, { clock, input });
  /** Lets the actors below handle what was sent to them. */
  const rest = async () => {
    for (let turn = 0; turn < 6; turn++) await settled();
  };
  const send = async (event: ConnectionEvent) => {
    actor.send(event);
    await rest();
  };
  const snapshot = () => actor.getSnapshot();
  return { actor, calls, clock, rest, send, snapshot };
}
