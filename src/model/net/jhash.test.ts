import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jhash } from "./jhash.ts";

/** Computed by include/linux/jhash.h of Linux 6.1, over the first bytes of {@link bytes}. */
const hashes = [
  [1, 0x12345678, 0x40158784],
  [4, 0x12345679, 0x8a7e3c38],
  [8, 0x1234567a, 0x3f3d1c75],
  [12, 0x1234567b, 0x1ead80a8],
  [13, 0x1234567c, 0x9ef587cf],
  [20, 0x1234567d, 0xe04cb1ee],
  [24, 0x1234567e, 0x6e2c8d61],
] as const;

const bytes = Buffer.from(Array.from({ length: 24 }, (_, i) => (i * 37 + 1) & 0xff));

describe("jhash", () => {
  for (const [length, seed, hash] of hashes) {
    it(`of ${length} bytes equals the kernel's`, () => {
      assert.equal(jhash(bytes.subarray(0, length), seed), hash);
    });
  }
});
