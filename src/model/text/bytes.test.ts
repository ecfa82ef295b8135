import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatBytes } from "./bytes.ts";

describe("a number of bytes", () => {
  for (const [bytes, text] of [
    [0, "0 B"],
    [976, "976 B"],
    [12_345, "12.3 kB"],
    [4_500_000_000, "4.5 GB"],
    [2e15, "2000.0 TB"],
  ] as const) {
    it(`${bytes} is formatted as ${text}`, () => assert.equal(formatBytes(bytes), text));
  }
});
