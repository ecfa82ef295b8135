import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDuration } from "./duration.ts";

describe("a duration", () => {
  for (const [seconds, text] of [
    [0.4, "0s"],
    [12, "12s"],
    [185, "3m5s"],
    [7_200, "2h"],
    [273_600, "3d4h"],
  ] as const) {
    it(`of ${seconds} seconds is formatted as ${text}`, () => {
      assert.equal(formatDuration(seconds), text);
    });
  }
});
