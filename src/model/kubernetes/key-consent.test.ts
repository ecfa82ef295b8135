import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyConsent } from "./key-consent.ts";

describe("the consent of a Secret", () => {
  for (const [value, connection, permitted] of [
    [undefined, "a", false],
    ["", "a", false],
    ["a", "a", true],
    ["a", "ab", false],
    ["ab", "a", false],
    ["b, a ,c", "a", true],
    ["b;a", "a", false],
    ["A", "a", false],
    ["*", "a", true],
    ["b,*", "a", true],
    ["a*", "ab", false],
  ] as const) {
    const text = value === undefined ? "without the annotation" : `by "${value}"`;
    it(`${text} ${permitted ? "permits" : "does not permit"} "${connection}"`, () => {
      const annotations = value === undefined ? undefined : { "ipman.dialo.ai/keyFor": value };
      assert.equal(new KeyConsent(annotations).permits(connection), permitted);
    });
  }
});
