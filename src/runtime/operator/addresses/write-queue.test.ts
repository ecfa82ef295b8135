import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SimulatedClock } from "xstate";
import { QueueFull, WriteQueue } from "./write-queue.ts";

const maxWaiting = 20;

/** The longest backoff, after which the queue is idle. */
const maxPauseMs = 1_000;

interface Write {
  readonly requests: readonly number[];
  readonly at: number;
  readonly end: PromiseWithResolvers<readonly string[]>;
}

/** Waits until promises have settled, without a timer of the queue. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A queue whose writes the test ends, with the outcome of each request. */
class World {
  readonly clock = new SimulatedClock();
  readonly writes: Write[] = [];
  readonly outcomes = new Map<number, string[]>();
  readonly queue = new WriteQueue<number, string>({
    maxWaiting,
    timers: this.clock,
    write: (requests) => {
      assert.equal(this.current, undefined, "two writes at a time");
      const end = Promise.withResolvers<readonly string[]>();
      this.current = { requests, at: this.clock.now(), end };
      this.writes.push(this.current);
      return end.promise;
    },
  });
  current: Write | undefined;
  #added = 0;

  add(): number {
    const id = this.#added++;
    const note = (outcome: string) =>
      this.outcomes.set(id, [...(this.outcomes.get(id) ?? []), outcome]);
    this.queue.add(id).then(note, (error: Error) => note(error.message));
    return id;
  }

  async succeed(): Promise<void> {
    const write = this.current;
    this.current = undefined;
    write?.end.resolve(write.requests.map((id) => `written ${id}`));
    await settle();
  }

  async fail(): Promise<void> {
    const write = this.current;
    this.current = undefined;
    write?.end.reject(new Error(`failed ${this.writes.length}`));
    await settle();
  }

  get batches(): readonly (readonly number[])[] {
    return this.writes.map(({ requests }) => requests);
  }
}

describe("a queue of writes", () => {
  it("writes at once, and writes the requests that arrive meanwhile together", async () => {
    const world = new World();
    for (let i = 0; i < 3; i++) world.add();
    assert.deepEqual(world.batches, [[0]]);
    await world.succeed();
    assert.deepEqual(world.batches, [[0], [1, 2]]);
    await world.succeed();
    assert.deepEqual(
      [0, 1, 2].map((id) => world.outcomes.get(id)),
      [["written 0"], ["written 1"], ["written 2"]],
    );
  });

  it("rejects every request of a failed write, and writes the next after a backoff", async () => {
    const world = new World();
    for (let i = 0; i < 3; i++) world.add();
    await world.succeed();
    await world.fail();
    assert.deepEqual(
      [1, 2].map((id) => world.outcomes.get(id)),
      [["failed 2"], ["failed 2"]],
    );
    world.add();
    world.clock.increment(249);
    assert.equal(world.writes.length, 2);
    world.clock.increment(251);
    assert.deepEqual(world.batches.at(-1), [3]);
    await world.succeed();
    world.add();
    assert.deepEqual(world.batches.at(-1), [4], "a success ends the backoff");
  });

  it("waits longer after each failure, up to a second", async () => {
    const world = new World();
    world.add();
    const pauses: number[] = [];
    for (let failures = 1; failures < 8; failures++) {
      await world.fail();
      world.add();
      const from = world.clock.now();
      while (world.current === undefined) world.clock.increment(10);
      pauses.push(world.clock.now() - from);
    }
    assert.ok((pauses[0] ?? 0) <= 510, pauses.join());
    for (const pause of pauses.slice(1)) assert.ok(pause >= 500 && pause <= 1_010, pauses.join());
  });

  it("writes once without a request if a write is requested", async () => {
    const world = new World();
    world.queue.requestWrite();
    assert.deepEqual(world.batches, [[]]);
    world.queue.requestWrite();
    world.queue.requestWrite();
    await world.succeed();
    assert.deepEqual(world.batches, [[], []]);
    await world.succeed();
    assert.equal(world.writes.length, 2);
  });

  it("rejects a request while too many wait, and accepts the next afterwards", async () => {
    const world = new World();
    for (let i = 0; i < maxWaiting; i++) world.add();
    await assert.rejects(world.queue.add(-1), QueueFull);
    await world.succeed();
    const id = world.add();
    await world.succeed();
    await world.succeed();
    assert.deepEqual(world.outcomes.get(id), [`written ${id}`]);
  });

  it("settles every request when it ends, even those of a write under way", async () => {
    const world = new World();
    for (let i = 0; i < 3; i++) world.add();
    world.queue.end("ended");
    await world.fail();
    world.add();
    world.clock.increment(10_000);
    await settle();
    for (const id of [0, 1, 2, 3]) assert.deepEqual(world.outcomes.get(id), ["ended"]);
    assert.equal(world.writes.length, 1);
  });

  it("settles each request once, by the write that contained it, in any sequence of events", async () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant("add" as const) },
        { weight: 1, arbitrary: fc.constant("requestWrite" as const) },
        { weight: 3, arbitrary: fc.constant("succeed" as const) },
        { weight: 2, arbitrary: fc.constant("fail" as const) },
        { weight: 2, arbitrary: fc.nat(1_200) },
      ),
      { maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        const world = new World();
        const expected = new Map<number, string>();
        /** The time at which the last failed write ended. */
        let failedAt = -Infinity;
        for (const step of run) {
          const { current } = world;
          const before = world.writes.length;
          if (step === "add") {
            const waiting = expected.size - world.outcomes.size;
            const id = world.add();
            expected.set(id, waiting < maxWaiting ? "write" : "full");
          } else if (step === "requestWrite") world.queue.requestWrite();
          else if (step === "succeed") {
            for (const id of current?.requests ?? []) expected.set(id, `written ${id}`);
            await world.succeed();
          } else if (step === "fail") {
            for (const id of current?.requests ?? []) expected.set(id, `failed ${before}`);
            if (current !== undefined) failedAt = world.clock.now();
            await world.fail();
          } else world.clock.increment(step);
          await settle();
          const started = world.writes.slice(before);
          for (const { at } of started) assert.ok(at - failedAt >= 250, "without a backoff");
        }
        // No request waits at the end, however many writes failed.
        for (let i = 0; i < 3; i++) {
          world.clock.increment(maxPauseMs);
          await settle();
          for (const id of world.current?.requests ?? []) expected.set(id, `written ${id}`);
          await world.succeed();
        }
        const written = world.batches.flat();
        assert.deepEqual(
          written,
          written.toSorted((a, b) => a - b),
          "in their order",
        );
        assert.equal(new Set(written).size, written.length, "one write for each");
        for (const [id, outcome] of expected) {
          const [only, ...more] = world.outcomes.get(id) ?? [];
          if (outcome === "full") assert.match(only ?? "", /wait already/);
          else assert.equal(only, outcome);
          assert.deepEqual(more, []);
        }
      }),
      { numRuns: 300 },
    );
  });
});
