import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Attention } from "./attention.ts";

describe("attention to charon's log", () => {
  it("is needed from the start, and for a while after the last connection is settled", (t) => {
    t.mock.timers.enable({ apis: ["setInterval", "Date"] });
    const attention = new Attention();
    const told: boolean[] = [];
    const subscription = attention.needed.subscribe((needed) => told.push(needed));
    attention.note("a", false);
    attention.note("b", false);
    attention.note("a", true);
    t.mock.timers.tick(60_000);
    assert.deepEqual(told, [true]);
    attention.note("b", true);
    t.mock.timers.tick(4_000);
    assert.deepEqual(told, [true], "what is said about an end may come after it");
    attention.note("b", false);
    t.mock.timers.tick(60_000);
    attention.note("b", true);
    t.mock.timers.tick(6_000);
    assert.deepEqual(told, [true, false]);
    attention.note("a", false);
    assert.deepEqual(told, [true, false, true]);
    subscription.unsubscribe();
  });
});
