import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mostProblems, ProblemList } from "./problem-list.ts";

describe("a list of problems", () => {
  it("keeps a bounded number of problems and reports the number of the others", () => {
    const problems = new ProblemList();
    for (let i = 0; i < mostProblems; i++) problems.add(`spec.a${i}`, "is wrong");
    assert.equal(problems.toArray().length, mostProblems);
    problems.add("spec.b", "is wrong");
    problems.omit(6);
    assert.equal(problems.toArray().length, mostProblems + 1);
    assert.deepEqual(problems.toArray().at(-1), { path: "…", message: "and 7 more problems" });
  });

  it("cuts paths and messages that quote a long value", () => {
    const problems = new ProblemList();
    problems.add(`spec.children.${"k".repeat(1_000_000)}`, "v".repeat(1_000_000));
    const [problem] = problems.toArray();
    assert.ok((problem?.path.length ?? 0) <= 300);
    assert.ok((problem?.message.length ?? 0) <= 2_000);
    assert.match(problem?.path ?? "", /^spec\.children\.k+…$/);
  });

  it("adds nothing for a check without a problem", () => {
    const problems = new ProblemList();
    problems.add("spec", undefined);
    assert.deepEqual(problems.toArray(), []);
  });
});
