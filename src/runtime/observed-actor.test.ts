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
  const told: string[] = [];
  const owner = {
    failed: (error: unknown) => {
      told.push(`failed: ${String(error)}`);
      failed(error);
    },
    done: () => void told.push("done"),
    broke: (error: unknown) => void told.push(`broke: ${String(error)}`),
  };
  const actor = observedActor(machine, { id: "planted" }, owner);
  actor.start();
  return { actor, told };
}

describe("an observed actor", () => {
  it("reports the exception that ended it to its owner", () => {
    const { actor, told } = started();
    actor.send({ type: "break" });
    assert.deepEqual(told, ["failed: Error: a planted defect"]);
  });

  it("reports an exception of its first action to its owner", () => {
    const told: unknown[] = [];
    const logic = fromCallback(() => {
      throw new Error("a planted defect");
    });
    const failed = (error: unknown) => void told.push(error);
    observedActor(logic, {}, { failed, broke: failed }).start();
    assert.match(String(told), /a planted defect/);
  });

  it("reports its end to its owner", () => {
    const { actor, told } = started();
    actor.send({ type: "finish" });
    assert.deepEqual(told, ["done"]);
  });

  it("contains an exception of its owner", () => {
    const { actor, told } = started(() => {
      throw new Error("of the owner");
    });
    actor.send({ type: "break" });
    assert.deepEqual(told, ["failed: Error: a planted defect", "broke: Error: of the owner"]);
  });
});
