import assert from "node:assert/strict";
import { it } from "node:test";
import { backoffMs } from "./backoff.ts";

it("a backoff doubles up to its maximum, however many attempts failed", () => {
  const waits = [1, 2, 7, 8, 1e6].map((attempt) => backoffMs(attempt, {}, () => 1));
  assert.deepEqual(waits, [500, 1_000, 30_000, 30_000, 30_000]);
  assert.equal(
    backoffMs(1, { firstMs: 800, maxMs: 10_000 }, () => 0),
    400,
  );
});
