import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDuration, parseDuration } from "./duration.ts";

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

  for (const [text, seconds] of [
    ["90", 90],
    ["30s", 30],
    [" 5m ", 300],
    ["4h", 14_400],
    ["1d", 86_400],
    ["4 hours", undefined],
    ["1.5h", undefined],
    ["", undefined],
  ] as const) {
    it(`"${text}" is parsed as ${seconds === undefined ? "invalid" : `${seconds} seconds`}`, () => {
      assert.equal(parseDuration(text), seconds);
    });
  }
});
