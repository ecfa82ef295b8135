import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setup } from "xstate";
import { observedActor } from "./observed-actor.ts";
import { observeTransitions, type Transition } from "./transitions.ts";

const fail = (error: unknown) => assert.fail(String(error));

const below = setup({ types: {} as { events: { type: "step" } } }).createMachine({
  id: "below",
  initial: "one",
  states: { one: { on: { step: "two" } }, two: {} },
});
const above = setup({ actors: { below } }).createMachine({
  id: "above",
  invoke: { id: "below", src: "below" },
  on: { refused: { guard: () => false, actions: () => {} } },
});

function observed() {
  const actor = observedActor(above, {}, { broke: fail, failed: fail });
  actor.start();
  const transitions: Transition[] = [];
  let changes = 0;
  observeTransitions(actor, {
    changed: () => changes++,
    moved: (transition) => transitions.push(transition),
    broke: fail,
  });
  return { actor, transitions, changes: () => changes };
}

describe("observed transitions", () => {
  it("include those of machines below the actor", () => {
    const { actor, transitions, changes } = observed();
    actor.getSnapshot().children["below"]?.send({ type: "step" });
    const [{ machine, from, to } = {}] = transitions;
    assert.deepEqual({ machine, from, to }, { machine: "below", from: "one", to: "two" });
    assert.equal(changes(), 1);
  });

  it("do not report an event that causes no transition", () => {
    const { actor, changes } = observed();
    actor.send({ type: "refused" });
    actor.send({ type: "unknown" });
    assert.equal(changes(), 0);
  });
});
