import { assign, createActor, setup, SimulatedClock, type SnapshotFrom } from "xstate";
import { pathMachine, type PathActor } from "../../src/machines/path/path.ts";
import type { PathEvent } from "../../src/machines/path/path-types.ts";
import { Calls, childWith, connectionOf, type ikeSa, loadedNew, settled } from "./fixtures.ts";

/** A path machine whose effects are recorded and decided by `calls`, like those of its children. */
export function pathWith(calls: Calls) {
  return pathMachine.provide({
    actors: {
      child: childWith(calls),
      load: calls.actor("load"),
      initiateIke: calls.actor("initiateIke"),
      terminateIke: calls.actor("terminateIke"),
      endSurplus: calls.actor("endSurplus"),
      withdrawKey: calls.actor("withdrawKey"),
      unload: calls.actor("unload"),
    },
  });
}

/** The input of a path of {@link connectionOf}. */
export const pathInput = {
  path: "main",
  connection: connectionOf(),
  charonReady: false,
  secretRevision: undefined,
  keyFailure: undefined,
};

/** A path's actor with recorded effects and a simulated clock, below an actor that takes its reports. */
export function harness(input: { charonReady?: boolean; secretRevision?: string } = {}) {
  const calls = new Calls();
  calls.give("load", loadedNew());
  const clock = new SimulatedClock();
  const parent = setup({
    types: {} as { context: { received: object[] } },
    actors: { path: pathWith(calls) },
  }).createMachine({
    context: { received: [] },
    invoke: { id: "path", src: "path", input: { ...pathInput, ...input } },
    on: {
      "*": { actions: assign({ received: ({ context, event }) => [...context.received, event] }) },
    },
  });
  const root = createActor(parent, { clock }).start();
  const actor = root.getSnapshot().children["path"] as unknown as PathActor;
  const send = async (event: PathEvent) => {
    actor.send(event);
    await settled();
    await settled();
  };
  const list = (...ikeSas: ReturnType<typeof ikeSa>[]) => send({ type: "sas.listed", ikeSas });
  const start = async () => {
    await send({ type: "charon.ready" });
    await send({ type: "secret.changed", revision: "r1" });
  };
  const snapshot = (): SnapshotFrom<typeof pathMachine> => actor.getSnapshot();
  const received = () => root.getSnapshot().context.received;
  return { actor, calls, clock, send, list, start, snapshot, received };
}
