import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import { leaderMachine } from "../../src/machines/leader.ts";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** @param answers the answers of the lease in turn: held, another replica's, or no answer */
function start(answers: (boolean | Error)[]) {
  const clock = new SimulatedClock();
  const emitted: string[] = [];
  const acquire = fromPromise<boolean, void>(async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer === true;
  });
  const actor = createActor(leaderMachine.provide({ actors: { acquire } }), { clock });
  actor.on("*", ({ type }) => emitted.push(type));
  actor.start();
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 10; i++) {
      clock.increment(100);
      await settle();
    }
  };
  return { actor, emitted, pass };
}

describe("a leader's election", () => {
  it("leads at once if no replica leads", async () => {
    const { emitted } = start([true]);
    await settle();
    assert.deepEqual(emitted, ["leading"]);
  });

  it("waits while another replica leads", async () => {
    const { emitted, pass } = start([false, false, true]);
    await pass(3);
    assert.deepEqual(emitted, []);
    await pass(3);
    assert.deepEqual(emitted, ["leading"]);
  });

  it("keeps leading while it renews the lease", async () => {
    const { emitted, pass } = start([true]);
    await pass(60);
    assert.deepEqual(emitted, ["leading"]);
  });

  it("keeps leading if renewals fail for less than the deadline", async () => {
    const away = new Error("away");
    const { emitted, pass } = start([true, away, away, away, true]);
    await pass(30);
    assert.deepEqual(emitted, ["leading"]);
  });

  it("ends if it could not renew the lease in time", async () => {
    const { actor, emitted, pass } = start([true, new Error("away")]);
    await pass(9);
    assert.deepEqual(emitted, ["leading"]);
    await pass(2);
    assert.deepEqual(emitted, ["leading", "lost"]);
    assert.equal(actor.getSnapshot().status, "done");
  });

  it("ends if another replica holds the lease", async () => {
    const { emitted, pass } = start([true, false]);
    await pass(3);
    assert.deepEqual(emitted, ["leading", "lost"]);
  });
});
