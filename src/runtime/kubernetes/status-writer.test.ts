import assert from "node:assert/strict";
import { after, describe, it, mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import pLimit from "p-limit";
import { StatusWriter } from "./status-writer.ts";

/** An API that holds each write until the test completes it. */
class HeldApi {
  readonly actual = new Map<string, number>();
  readonly wanted = new Map<string, number>();
  readonly inFlight = new Map<string, PromiseWithResolvers<void>>();
  readonly troubles: unknown[] = [];
  most = 0;
  count = 0;
  readonly writer = new StatusWriter<number>({
    actual: (id) => this.actual.get(id) ?? 0,
    wanted: (id) => this.wanted.get(id),
    write: async (id, status) => {
      this.count++;
      const held = Promise.withResolvers<void>();
      this.inFlight.set(id, held);
      this.most = Math.max(this.most, this.inFlight.size);
      await held.promise.finally(() => this.inFlight.delete(id));
      this.actual.set(id, status);
    },
    writes: pLimit(2),
    onTrouble: (error) => this.troubles.push(error),
  });

  want(id: string, status: number): void {
    this.wanted.set(id, status);
    this.writer.compare(id);
  }

  /** Completes the writes in flight until there are none. */
  async settle(): Promise<void> {
    await turn();
    while (this.inFlight.size > 0) {
      for (const held of this.inFlight.values()) held.resolve();
      await turn();
    }
  }
}

describe("a writer of statuses", () => {
  it("limits concurrent writes, and writes the status of the moment when a write begins", async () => {
    const api = new HeldApi();
    for (const id of ["a", "b", "c", "d"]) api.want(id, 1);
    await turn();
    assert.deepEqual([...api.inFlight.keys()], ["a", "b"]);
    api.want("c", 2);
    await api.settle();
    assert.equal(api.most, 2);
    assert.deepEqual(Object.fromEntries(api.actual), { a: 1, b: 1, c: 2, d: 1 });
    api.writer[Symbol.dispose]();
  });

  it("writes a change at once, and the changes that follow it closely together", async () => {
    const api = new HeldApi();
    mock.timers.enable({ apis: ["setTimeout"] });
    after(() => mock.timers.reset());
    api.want("a", 1);
    await api.settle();
    for (const status of [2, 3, 4]) {
      api.want("a", status);
      await turn();
      assert.equal(api.inFlight.size, 0, "the next write waits");
    }
    mock.timers.tick(1_000);
    await api.settle();
    assert.equal(api.actual.get("a"), 4);
    assert.equal(api.count, 2);
    mock.timers.tick(1_000);
    api.want("a", 5);
    await turn();
    assert.equal(api.inFlight.size, 1, "the time between two writes is over");
    await api.settle();
    api.writer[Symbol.dispose]();
  });

  it("does not write a status that is no longer wanted when its turn comes", async () => {
    const api = new HeldApi();
    for (const id of ["a", "b", "c"]) api.want(id, 1);
    await turn();
    api.wanted.set("c", 0);
    await api.settle();
    assert.equal(api.actual.has("c"), false);
    api.writer[Symbol.dispose]();
  });

  it("retries with a growing pause, and reports each failure once until a write succeeds", async () => {
    const api = new HeldApi();
    mock.timers.enable({ apis: ["setTimeout"] });
    after(() => mock.timers.reset());
    /** Fails each write of a time, which passes in seconds. */
    const fail = async (seconds: number, message: string) => {
      for (let second = 0; second < seconds; second++) {
        for (const held of api.inFlight.values()) held.reject(new Error(message));
        await turn();
        mock.timers.tick(1_000);
        await turn();
      }
    };
    api.want("a", 1);
    await turn();
    await fail(120, "no answer");
    assert.ok(api.count >= 12 && api.count <= 28, `${api.count} attempts in two minutes`);
    assert.equal(api.troubles.length, 1);
    await fail(20, "denied");
    assert.equal(api.troubles.length, 2);
    for (let second = 0; second < 10; second++) {
      await api.settle();
      mock.timers.tick(1_000);
    }
    assert.equal(api.actual.get("a"), 1);
    api.want("a", 2);
    await turn();
    assert.equal(api.inFlight.size, 1, "the pause after a success is short again");
    await fail(1, "denied");
    assert.equal(api.troubles.length, 3);
    api.writer[Symbol.dispose]();
  });

  it("neither writes nor reports an error after its end", async () => {
    const api = new HeldApi();
    for (const id of ["a", "b", "c"]) api.want(id, 1);
    await turn();
    api.writer[Symbol.dispose]();
    for (const held of api.inFlight.values()) held.reject(new Error("the client is closed"));
    await turn();
    assert.equal(api.inFlight.size, 0, "c had its turn and was not written");
    assert.deepEqual(api.troubles, []);
  });
});
