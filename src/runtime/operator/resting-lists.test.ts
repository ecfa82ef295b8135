import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { RestingLists } from "./resting-lists.ts";

describe("lists that were just written", () => {
  it("stay as they are for a while, counted from the last time", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    using lists = new RestingLists(5_000);
    const rested: string[] = [];
    lists.rested.subscribe((id) => rested.push(id));
    lists.add("a");
    mock.timers.tick(3_000);
    assert.deepEqual([lists.has("a"), lists.has("b")], [true, false]);
    lists.add("a");
    mock.timers.tick(3_000);
    assert.deepEqual([lists.has("a"), rested], [true, []]);
    mock.timers.tick(2_000);
    assert.deepEqual([lists.has("a"), rested], [false, ["a"]]);
    mock.timers.reset();
  });
});
