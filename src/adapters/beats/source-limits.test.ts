import assert from "node:assert/strict";
import { it } from "node:test";
import { SourceLimits } from "./source-limits.ts";

const admitted = (limits: SourceLimits, sources: readonly string[], now: number) =>
  sources.filter((source) => limits.admits(source, now)).length;

it("a sender has a limit of its own in each second", () => {
  const limits = new SourceLimits();
  const flood = Array<string>(10_000).fill("10.0.0.1");
  assert.equal(admitted(limits, flood, 5_000), 500);
  assert.equal(admitted(limits, ["10.0.0.2"], 5_000), 1);
  assert.equal(admitted(limits, flood, 5_999), 0);
  assert.equal(admitted(limits, flood, 6_000), 500);
});

it("senders without number take bounded memory, and do not affect the known ones", () => {
  const limits = new SourceLimits();
  assert.equal(admitted(limits, ["peer"], 5_000), 1);
  const strangers = Array.from({ length: 10_000 }, (_, i) => `stranger-${i}`);
  assert.equal(admitted(limits, strangers, 5_000), 255);
  assert.equal(admitted(limits, ["peer"], 5_000), 1);
});
