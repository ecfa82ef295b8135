import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkQueue, type Priority } from "./work-queue.ts";

const wanted = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Queues tasks by name and records when each ran. */
function tasks(queue: WorkQueue) {
  const done: string[] = [];
  const add = (name: string, priority: Priority = "low", signal = wanted) =>
    void queue.next(priority, signal).then(() => done.push(name));
  return { done, add };
}

describe("the work queue", () => {
  it("runs one task per turn of the event loop, by priority and then in order", async () => {
    const { done, add } = tasks(new WorkQueue());
    for (const name of ["a", "b"]) add(name);
    add("normal", "normal");
    add("high", "high");
    const order = ["high", "normal", "a", "b"];
    for (const [i] of order.entries()) {
      await turn();
      assert.deepEqual(done, order.slice(0, i + 1));
    }
  });

  it("holds tasks of low priority back while something more important is awaited", async () => {
    const queue = new WorkQueue();
    const { done, add } = tasks(queue);
    const matters = Promise.withResolvers<void>();
    const settled = queue.before(matters.promise).catch(() => {});
    add("low");
    add("normal", "normal");
    await turn();
    await turn();
    assert.deepEqual(done, ["normal"]);
    matters.reject(new Error("it failed"));
    await settled;
    await turn();
    assert.deepEqual(done, ["normal", "low"]);
  });

  it("skips aborted tasks without spending a turn on them", async () => {
    const { done, add } = tasks(new WorkQueue());
    const control = new AbortController();
    add("dropped", "low", control.signal);
    add("kept");
    control.abort();
    await turn();
    assert.deepEqual(done, ["kept"]);
  });
});
