import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memo, Memo } from "./memo.ts";

describe("a memo", () => {
  it("returns the same object until a fact changes, appears or disappears", () => {
    const values = new Memo<object, object>();
    const subject = {};
    const computed = [
      ["a", 1],
      ["a", 1],
      ["a", 2],
      ["a", 2, undefined],
      ["a", 2],
    ].map((facts) => values.of(subject, facts, () => ({})));
    assert.equal(computed[0], computed[1]);
    assert.equal(new Set(computed).size, 4);
    assert.notEqual(
      values.of({}, ["a", 2], () => ({})),
      computed[4],
    );
  });

  it("passes the previous value to the next computation", () => {
    const values = new Memo<object, number>();
    const subject = {};
    const next = (fact: number) => values.of(subject, [fact], (previous = 0) => previous + 1);
    assert.deepEqual([next(1), next(1), next(2)], [1, 1, 2]);
  });

  it("of a function computes once for each object even if the result is undefined", () => {
    const seen: object[] = [];
    const compute = memo((subject: object) => void seen.push(subject));
    const [one, other] = [{}, {}];
    for (const subject of [one, one, other]) compute(subject);
    assert.deepEqual(seen, [one, other]);
  });
});
