import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { includes } from "./includes.ts";

describe("includes", () => {
  const cases: [string, unknown, unknown, boolean][] = [
    ["ignores added fields", { a: 1, b: 2 }, { a: 1 }, true],
    ["notices a different value", { a: 2 }, { a: 1 }, false],
    ["notices a missing field", {}, { a: 1 }, false],
    ["ignores defaults in items", [{ a: 1, b: 2 }], [{ a: 1 }], true],
    ["compares a list as a whole", [1, 2], [1], false],
    ["accepts an empty object that the server dropped", {}, { a: {} }, true],
    ["accepts an empty list that the server dropped", {}, { a: [] }, true],
    ["notices a list that another client filled", { a: [1] }, { a: [] }, false],
    ["accepts false and empty strings that the server dropped", {}, { a: false, b: "" }, true],
    ["notices a dropped true", {}, { a: true }, false],
    ["does not accept a list as an object", { a: [] }, { a: { b: 1 } }, false],
  ];
  for (const [name, actual, wanted, expected] of cases) {
    it(name, () => assert.equal(includes(actual, wanted), expected));
  }
});
