import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Breakdowns } from "./breakdowns.ts";

describe("an actor that an exception stopped", () => {
  it("restarts again after an exception of its restart, which is reported", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const reported: string[] = [];
    let starts = 0;
    using breakdowns = new Breakdowns({
      onBreakdown: (id, error) => void reported.push(`${id}: ${String(error)}`),
      restart: () => {
        if (++starts === 1) throw new Error("it cannot start");
      },
    });
    breakdowns.restartLater("a", new Error("a planted defect"));
    assert.equal(breakdowns.failureOf("a")?.reason, "Internal");
    context.mock.timers.tick(500);
    assert.deepEqual(reported, ["a: Error: a planted defect", "a: Error: it cannot start"]);
    context.mock.timers.tick(1_000);
    assert.equal(starts, 2);
  });
});
