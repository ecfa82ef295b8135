import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answerTimeOf } from "./admission-review.ts";

describe("the time for an answer", () => {
  for (const [query, milliseconds] of [
    ["timeout=10s", 9_000],
    ["timeout=30s", 27_000],
    ["timeout=1s", 500],
    ["timeout=0s", 0],
    ["", 9_000],
    ["timeout=1m0s", 9_000],
    ["timeout=99999999s", 9_000],
    ["timeout=-1s", 9_000],
  ] as const) {
    it(`is ${milliseconds} ms if the API server sends "${query}"`, () => {
      assert.equal(answerTimeOf(query), milliseconds);
    });
  }
});
