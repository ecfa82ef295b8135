import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RuntimeTrouble } from "./runtime-trouble.ts";

describe("a container runtime that does not answer", () => {
  it("is reported once for each failure, and again after a minute", (t) => {
    let now = 1_000_000;
    t.mock.method(performance, "now", () => now);
    const reports: string[] = [];
    const trouble = new RuntimeTrouble((error) => void reports.push((error as Error).message));
    const search = (reason: string) => trouble.report(new Error(reason));
    for (let i = 0; i < 10; i++) search("14 UNAVAILABLE");
    assert.equal(reports.length, 1);
    assert.match(reports[0] ?? "", /does not answer: 14 UNAVAILABLE; ipman searches \/proc/);
    search("4 DEADLINE_EXCEEDED");
    assert.equal(reports.length, 2);
    now += 61_000;
    search("4 DEADLINE_EXCEEDED");
    assert.equal(reports.length, 3);
  });
});
