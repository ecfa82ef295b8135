import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromCallback, setup } from "xstate";
import { observedActor } from "./observed-actor.ts";

type Event = { type: "break" } | { type: "finish" };

const machine = setup({
  types: {} as { events: Event },
  actions: {
    defect: () => {
      throw new Error("a planted defect");
    },
  },
}).createMachine({
  id: "planted",
  initial: "running",
  states: {
    running: { on: { break: { actions: "defect" }, finish: "finished" } },
    finished: { type: "final" },
  },
});

function started(failed: (error: unknown) => void = () => {}) {
  const reported: string[] = [];
  const owner = {
    failed: (error: unknown) => {
      reported.push(`failed: ${String(error)}`);
      failed(error);
    },
    done: () => void reported.push("done"),
    broke: (error: unknown) => void reported.push(`broke: ${String(error)}`),
  };
  const actor = observedActor(machine, { id: "planted" }, owner);
  actor.start();
  return { actor, reported };
}

describe("an observed actor", () => {
  it("reports the exception that stopped it to its owner", () => {
    const { actor, reported } = started();
    actor.send({ type: "break" });
    assert.deepEqual(reported, ["failed: Error: a planted defect"]);
  });

  it("reports an exception of its first action to its owner", () => {
    const reported: unknown[] = [];
    const logic = fromCallback(() => {
      throw new Error("a planted defect");
    });
    const failed = (error: unknown) => void reported.push(error);
    observedActor(logic, {}, { failed, broke: failed }).start();
    assert.match(String(reported), /a planted defect/);
  });

  it("reports its end to its owner", () => {
    const { actor, reported } = started();
    actor.send({ type: "finish" });
    assert.deepEqual(reported, ["done"]);
  });

  it("contains an exception of its owner", () => {
    const { actor, reported } = started(() => {
      throw new Error("of the owner");
    });
    actor.send({ type: "break" });
    assert.deepEqual(reported, ["failed: Error: a planted defect", "broke: Error: of the owner"]);
  });
});
