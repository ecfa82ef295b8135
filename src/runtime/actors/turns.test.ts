import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Turns, type Urgency } from "./turns.ts";

const wanted = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Takes pieces by name and notes when each had its turn. */
function pieces(turns: Turns) {
  const done: string[] = [];
  const ask = (name: string, urgency: Urgency = "patient", signal = wanted) =>
    void turns.next(urgency, signal).then(() => done.push(name));
  return { done, ask };
}

describe("turns", () => {
  it("are one piece each, in order, the urgent ones first", async () => {
    const { done, ask } = pieces(new Turns());
    for (const name of ["a", "b"]) ask(name);
    ask("soon", "soon");
    ask("first", "first");
    const order = ["first", "soon", "a", "b"];
    for (const [i] of order.entries()) {
      await turn();
      assert.deepEqual(done, order.slice(0, i + 1));
    }
  });

  it("are not had by patient pieces while something matters more", async () => {
    const turns = new Turns();
    const { done, ask } = pieces(turns);
    const matters = Promise.withResolvers<void>();
    const settled = turns.before(matters.promise).catch(() => {});
    ask("patient");
    ask("urgent", "soon");
    await turn();
    await turn();
    assert.deepEqual(done, ["urgent"]);
    matters.reject(new Error("it failed"));
    await settled;
    await turn();
    assert.deepEqual(done, ["urgent", "patient"]);
  });

  it("are not spent on pieces that nobody wants any more", async () => {
    const { done, ask } = pieces(new Turns());
    const control = new AbortController();
    ask("dropped", "patient", control.signal);
    ask("kept");
    control.abort();
    await turn();
    assert.deepEqual(done, ["kept"]);
  });
});
