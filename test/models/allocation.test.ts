import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import {
  allocationMachine,
  type Reserved,
  type ReserveOrder,
} from "../../src/machines/allocation.ts";
import type { AddressRequest } from "../../src/model/addresses/allocation.ts";

const settle = () => new Promise((resolve) => setImmediate(resolve));
const request = { pool: "primary" } as AddressRequest;
const refused = { ok: false as const, message: "none", taken: true };

function start(clock?: SimulatedClock) {
  const batches: { size: number; end: PromiseWithResolvers<Reserved> }[] = [];
  const told: number[][] = [];
  const reserve = fromPromise<Reserved, ReserveOrder>(({ input }) => {
    const end = Promise.withResolvers<Reserved>();
    batches.push({ size: input.requests.length, end });
    return end.promise;
  });
  const actor = createActor(allocationMachine.provide({ actors: { reserve } }), {
    input: { connectionId: "partner" },
    ...(clock && { clock }),
  });
  const messages: string[] = [];
  actor.on("settled", ({ results }) => {
    told.push(results.map(({ id }) => id));
    for (const { result } of results) if (!result.ok) messages.push(result.message);
  });
  actor.start();
  const want = (id: number) => actor.send({ type: "wanted", id, request });
  return { actor, batches, told, messages, want };
}

describe("the addresses of a connection", () => {
  it("are written for all who came while another write was under way", async () => {
    const { batches, told, want } = start();
    for (const id of [1, 2, 3]) want(id);
    assert.deepEqual(
      batches.map(({ size }) => size),
      [1],
    );
    batches[0]?.end.resolve({ results: [refused], hasPrefetched: false });
    await settle();
    assert.deepEqual(
      batches.map(({ size }) => size),
      [1, 2],
    );
    batches[1]?.end.resolve({ results: [refused, refused], hasPrefetched: false });
    await settle();
    assert.deepEqual(told, [[1], [2, 3]]);
  });

  it("that cannot be written are refused with the reason, and the next are tried", async () => {
    const { batches, messages, want } = start();
    want(1);
    batches[0]?.end.reject(new Error("the API server is away"));
    await settle();
    assert.deepEqual(messages, ["the API server is away"]);
    want(2);
    assert.equal(batches.length, 2);
  });

  it("are reserved prefetched when some are about to be missed, and let go of in time", async () => {
    const clock = new SimulatedClock();
    const { actor, batches } = start(clock);
    actor.send({ type: "refill" });
    assert.deepEqual(
      batches.map(({ size }) => size),
      [0],
    );
    batches[0]?.end.resolve({ results: [], hasPrefetched: true });
    await settle();
    clock.increment(1_000);
    assert.equal(batches.length, 2, "what is reserved prefetched is looked after");
    batches[1]?.end.resolve({ results: [], hasPrefetched: false });
    await settle();
    clock.increment(10_000);
    assert.equal(batches.length, 2);
  });
});
