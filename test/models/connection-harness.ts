import { createActor, SimulatedClock } from "xstate";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import {
  noEndpoints,
  type ConnectionEvent,
} from "../../src/machines/connection/connection-types.ts";
import { Calls, childWith, connectionOf, type ikeSa, loadedNew, settled } from "./fixtures.ts";

/** A connection's actor with recorded effects and a simulated clock. */
export function harness(input: { charonReady?: boolean; secretRevision?: string } = {}) {
  const calls = new Calls();
  calls.give("load", loadedNew());
  const clock = new SimulatedClock();
  const machine = connectionMachine.provide({
    actors: {
      child: childWith(calls),
      load: calls.actor("load"),
      terminateIke: calls.actor("terminateIke"),
      withdrawKey: calls.actor("withdrawKey"),
      unload: calls.actor("unload"),
    },
  });
  const actor = createActor(machine, {
    clock,
    input: {
      connection: connectionOf(),
      charonReady: input.charonReady ?? false,
      secretRevision: input.secretRevision,
      keyFailure: undefined,
      endpoints: noEndpoints,
    },
  }).start();
  const send = async (event: ConnectionEvent) => {
    actor.send(event);
    await settled();
    await settled();
  };
  const list = (...ikeSas: ReturnType<typeof ikeSa>[]) => send({ type: "sas.listed", ikeSas });
  const start = async () => {
    await send({ type: "charon.ready" });
    await send({ type: "secret.changed", revision: "r1" });
  };
  return { actor, calls, clock, send, list, start, snapshot: () => actor.getSnapshot() };
}
