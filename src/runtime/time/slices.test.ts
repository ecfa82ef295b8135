import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { inSlices } from "./slices.ts";

describe("work in slices", () => {
  it("lets the event loop run after eight milliseconds", async () => {
    let now = 0;
    const clock = mock.method(performance, "now", () => now);
    const done: number[] = [];
    let mostInOneTurn = 0;
    let before = 0;
    const count = () => {
      mostInOneTurn = Math.max(mostInOneTurn, done.length - before);
      before = done.length;
      if (done.length < 100) setImmediate(count);
    };
    setImmediate(count);
    await inSlices(
      Array.from({ length: 100 }, (_, i) => i),
      (i) => {
        done.push(i);
        now += 1;
      },
      new AbortController().signal,
    );
    clock.mock.restore();
    assert.equal(done.length, 100);
    assert.ok(mostInOneTurn <= 16, `${mostInOneTurn}`);
  });

  it("ends when it is aborted", async () => {
    const controller = new AbortController();
    const done: number[] = [];
    const work = (i: number) => {
      done.push(i);
      if (i === 2) controller.abort();
    };
    await inSlices([1, 2, 3], work, controller.signal);
    assert.deepEqual(done, [1, 2]);
  });
});
