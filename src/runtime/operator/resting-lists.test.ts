import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { RestingLists } from "./resting-lists.ts";

describe("lists that were just written", () => {
  it("stay as they are for a while, unless the spec is another", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    using lists = new RestingLists(5_000);
    const rested: string[] = [];
    lists.rested.subscribe((id) => rested.push(id));
    lists.add("a", 1);
    mock.timers.tick(3_000);
    assert.deepEqual(
      [lists.has("a", 1), lists.has("a", 2), lists.has("b", 1)],
      [true, false, false],
    );
    lists.add("a", 2);
    mock.timers.tick(3_000);
    assert.deepEqual([lists.has("a", 2), rested], [true, []]);
    mock.timers.tick(2_000);
    assert.deepEqual([lists.has("a", 2), rested], [false, ["a"]]);
    mock.timers.reset();
  });
});
