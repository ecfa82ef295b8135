import assert from "node:assert/strict";
import {
  assign,
  createActor,
  setup,
  SimulatedClock,
  type ActorRefFrom,
  type SnapshotFrom,
} from "xstate";
import type { childMachine } from "../../src/machines/child/child.ts";
import type { ChildEvent } from "../../src/machines/child/child-types.ts";
import type { Child } from "../../src/model/api/connection.ts";
import { Calls, childSpec, childWith, connectionOf, type ikeSa, settled } from "./fixtures.ts";

/** Starts a child that charon has loaded, on a simulated clock. */
export function startedChild(child: Child | undefined) {
  assert.ok(child);
  const calls = new Calls();
  const clock = new SimulatedClock();
  const input = { connection: connectionOf(), child, loaded: true };
  const machine = setup({ actors: { child: childWith(calls) } }).createMachine({
    invoke: { id: "child", src: "child", input },
    on: { "sas.wanted": {} },
  });
  const root = createActor(machine, { clock }).start();
  const actor = root.getSnapshot().children["child"] as ActorRefFrom<typeof childMachine>;
  return { calls, clock, root, actor };
}

/** A child whose parent records the types of the events that it receives. */
export function childHarness(changes: object = {}) {
  const calls = new Calls();
  const clock = new SimulatedClock();
  const machine = childWith(calls);
  const child = connectionOf({ children: { "child-2": childSpec(2, changes) } })
    .children[0] as Child;
  const parent = setup({
    types: {} as { context: { received: string[] } },
    actors: { child: machine },
  }).createMachine({
    context: { received: [] },
    invoke: {
      id: "child",
      src: "child",
      input: { connection: connectionOf(), child, loaded: false },
    },
    on: {
      "*": {
        actions: assign({ received: ({ context, event }) => [...context.received, event.type] }),
      },
    },
  });
  const root = createActor(parent, { clock }).start();
  const actor = root.getSnapshot().children["child"] as unknown as ActorRefFrom<
    typeof childMachine
  >;
  const send = async (event: ChildEvent) => {
    actor.send(event);
    await settled();
  };
  const wait = async (milliseconds: number) => {
    clock.increment(milliseconds);
    await settled();
  };
  const list = (...ikeSas: ReturnType<typeof ikeSa>[]) => send({ type: "sas.listed", ikeSas });
  const start = () => send({ type: "connection.loaded" });
  const snapshot = (): SnapshotFrom<typeof childMachine> => actor.getSnapshot();
  const hold = (name: string) => calls.hold(name);
  return { calls, child, hold, root, send, wait, list, start, snapshot };
}
