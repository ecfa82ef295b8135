import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAction } from "./action.ts";

const cases = [
  ["start", false, true],
  ["RESTART", false, true],
  ["route", true, false],
  ["trap", true, false],
  ["none", false, false],
  ["clear", false, false],
  ["trap|start", true, true],
  [" start | none ", false, true],
] as const;

describe("an action of a child", () => {
  for (const [text, trap, start] of cases) {
    it(`${text} is parsed as charon does`, () => {
      assert.deepEqual(parseAction(text), { trap, start });
    });
  }

  for (const text of ["hold", "route|start", "trap,start", "constructor"]) {
    it(`${text} is refused, as charon does`, () => {
      assert.equal(parseAction(text), undefined);
    });
  }
});
