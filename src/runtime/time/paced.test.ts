import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { paced } from "./paced.ts";

const turn = () => new Promise(setImmediate);

async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 10) {
    mock.timers.tick(10);
    await turn();
  }
}

describe("paced work", () => {
  before(() => {
    mock.timers.enable({ apis: ["setTimeout", "Date"] });
    mock.method(performance, "now", () => Date.now());
  });
  after(() => {
    mock.reset();
    mock.timers.reset();
  });

  it("is shared by all callers before it begins, and pauses in proportion to its duration", async () => {
    const began: number[] = [];
    const start = Date.now();
    const ask = paced(async () => {
      began.push(Date.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return began.length;
    }, 1 / 4);
    const first = [ask(), ask()];
    await pass(50);
    // A run is active: these callers need a result of a later one.
    const second = [ask(), ask(), ask()];
    await pass(500);
    assert.deepEqual(await Promise.all(first), [1, 1]);
    assert.deepEqual(await Promise.all(second), [2, 2, 2]);
    assert.equal(began.length, 2);
    assert.ok(Math.abs((began[1] ?? 0) - 400) <= 20, `${began[1]} ms`);
  });

  it("pauses for at most a second", async () => {
    const ask = paced(() => new Promise<void>((done) => setTimeout(done, 5_000)), 1 / 4);
    const first = ask();
    await pass(5_010);
    await first;
    const start = Date.now();
    const second = ask();
    await pass(6_020);
    await second;
    assert.ok(Date.now() - start <= 6_020);
  });

  it("runs again after it failed", async () => {
    let runs = 0;
    const ask = paced(async () => {
      if (runs++ === 0) throw new Error("a defect");
      return runs;
    }, 1 / 2);
    const failed = assert.rejects(ask(), /a defect/);
    await pass(20);
    await failed;
    const done = ask();
    await pass(20);
    assert.equal(await done, 2);
  });
});
