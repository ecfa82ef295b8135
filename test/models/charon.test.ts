import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import { charonMachine } from "../../src/machines/charon.ts";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { Calls, settled } from "./fixtures.ts";

function harness() {
  const calls = new Calls();
  const clock = new SimulatedClock();
  const emitted: string[] = [];
  let session = Promise.withResolvers<void>();
  let listing: PromiseWithResolvers<void> | undefined;
  const machine = charonMachine.provide({
    actors: {
      connect: calls.actor("connect"),
      prune: calls.actor("prune"),
      list: fromPromise<void, void>(async () => {
        calls.made.push({ name: "list", input: undefined });
        await listing?.promise;
      }),
      session: fromPromise<void, void>(() => session.promise),
    },
  });
  const actor = createActor(machine, { clock });
  actor.on("charon.ready", () => emitted.push("ready"));
  actor.on("charon.lost", () => emitted.push("lost"));
  const wait = async (milliseconds = 0) => {
    clock.increment(milliseconds);
    for (let i = 0; i < 4; i++) await settled();
  };
  return {
    actor,
    calls,
    emitted,
    wait,
    endSession: async () => {
      session.resolve();
      await wait();
      session = Promise.withResolvers();
    },
    holdList: () => (listing = Promise.withResolvers()),
  };
}

const away = failure(Reason.CharonUnavailable, "no answer");

describe("the charon machine", () => {
  it("prunes and lists before it is ready", async () => {
    const { actor, calls, emitted, wait } = harness();
    actor.start();
    await wait();
    assert.deepEqual(
      calls.made.map(({ name }) => name),
      ["connect", "prune", "list"],
    );
    assert.deepEqual(emitted, ["ready"]);
  });

  it("retries the connection at least every two seconds", async () => {
    const { actor, calls, emitted, wait } = harness();
    for (let i = 0; i < 8; i++) calls.fail("connect", away);
    actor.start();
    await wait();
    for (let i = 0; i < 8; i++) await wait(2_000);
    assert.equal(calls.count("connect"), 9);
    assert.deepEqual(emitted, ["ready"]);
    assert.equal(actor.getSnapshot().context.failure, undefined);
  });

  it("reports the end of the session, and connects again", async () => {
    const { actor, calls, emitted, wait, endSession } = harness();
    actor.start();
    await wait();
    await endSession();
    assert.equal(actor.getSnapshot().context.failure?.reason, "CharonUnavailable");
    await wait(2_000);
    assert.deepEqual(emitted, ["ready", "lost", "ready"]);
    assert.equal(calls.count("prune"), 2);
  });

  it("sends one list request for many events, and another one for events during that request", async () => {
    const { actor, calls, wait, holdList } = harness();
    actor.start();
    await wait();
    for (let i = 0; i < 5; i++) actor.send({ type: "sas.wanted" });
    const held = holdList();
    await wait(20);
    assert.equal(calls.count("list"), 2);
    actor.send({ type: "sas.wanted" });
    held.resolve();
    await wait(20);
    await wait(20);
    assert.equal(calls.count("list"), 3);
    await wait(1_000);
    assert.equal(calls.count("list"), 3);
  });

  it("lists the SAs at regular intervals even without an event", async () => {
    const { actor, calls, wait } = harness();
    actor.start();
    await wait();
    await wait(30_000);
    assert.equal(calls.count("list"), 2);
  });
});
