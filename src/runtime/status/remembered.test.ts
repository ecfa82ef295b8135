import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Remembered } from "./remembered.ts";

describe("what is made of facts", () => {
  it("is the same while they are, and made anew when one changes, comes or goes", () => {
    const remembered = new Remembered<object, object>();
    const subject = {};
    const made = [
      ["a", 1],
      ["a", 1],
      ["a", 2],
      ["a", 2, undefined],
      ["a", 2],
    ].map((facts) => remembered.of(subject, facts, () => ({})));
    assert.equal(made[0], made[1]);
    assert.equal(new Set(made).size, 4);
    assert.notEqual(
      remembered.of({}, ["a", 2], () => ({})),
      made[4],
    );
  });
});
