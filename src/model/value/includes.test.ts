import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { includes } from "./includes.ts";

describe("includes", () => {
  const cases: [string, unknown, unknown, boolean][] = [
    ["what others add does not count", { a: 1, b: 2 }, { a: 1 }, true],
    ["what differs counts", { a: 2 }, { a: 1 }, false],
    ["what is missing counts", {}, { a: 1 }, false],
    ["items may have defaults", [{ a: 1, b: 2 }], [{ a: 1 }], true],
    ["a list counts as a whole", [1, 2], [1], false],
    ["the server drops empty objects", {}, { a: {} }, true],
    ["and empty lists", {}, { a: [] }, true],
    ["but not those that others fill", { a: [1] }, { a: [] }, false],
    ["and what is false by default", {}, { a: false, b: "" }, true],
    ["but not what is true", {}, { a: true }, false],
    ["a list is no object", { a: [] }, { a: { b: 1 } }, false],
  ];
  for (const [name, actual, wanted, expected] of cases) {
    it(name, () => assert.equal(includes(actual, wanted), expected));
  }
});
