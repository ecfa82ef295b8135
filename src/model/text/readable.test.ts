import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatBytes, formatSeconds } from "./readable.ts";

describe("what people read", () => {
  for (const [seconds, text] of [
    [0.4, "0s"],
    [12, "12s"],
    [185, "3m5s"],
    [7_200, "2h"],
    [273_600, "3d4h"],
  ] as const) {
    it(`${seconds} seconds are ${text}`, () => assert.equal(formatSeconds(seconds), text));
  }

  for (const [bytes, text] of [
    [0, "0 B"],
    [976, "976 B"],
    [12_345, "12.3 kB"],
    [4_500_000_000, "4.5 GB"],
    [2e15, "2000.0 TB"],
  ] as const) {
    it(`${bytes} bytes are ${text}`, () => assert.equal(formatBytes(bytes), text));
  }
});
