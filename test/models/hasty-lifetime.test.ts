import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Reason } from "../../src/model/status/failure.ts";
import { harness } from "./path-harness.ts";
import { ikeSa, settled } from "./fixtures.ts";

const hasty = { type: "lifetime.hasty", lifetime: 60 } as const;

/** A connection whose peer announced a short lifetime twice in a row. */
async function halted() {
  const made = harness();
  await made.start();
  await made.list(ikeSa());
  await made.send(hasty);
  assert.equal(made.snapshot().value, "established");
  await made.send(hasty);
  return made;
}

describe("a connection whose peer announces a lifetime shorter than over_time", () => {
  it("is unloaded after two reauthentications, with the lifetime as the reason", async () => {
    const { calls, snapshot } = await halted();
    assert.deepEqual(snapshot().value, { failed: "halted" });
    assert.equal(snapshot().context.failure?.reason, Reason.LifetimeTooShort);
    assert.match(snapshot().context.failure?.message ?? "", /of 60 s.*over_time/);
    assert.deepEqual(calls.last("unload"), { connectionName: "site" });
  });

  it("is loaded after three minutes, and unloaded at the next reauthentication", async (t) => {
    t.mock.method(Math, "random", () => 0);
    const { calls, clock, list, send, snapshot } = await halted();
    await list();
    const before = calls.count("initiate");
    clock.increment(179_000);
    await settled();
    assert.equal(calls.count("initiate"), before);
    clock.increment(1_000);
    for (let i = 0; i < 3; i++) await settled();
    assert.equal(calls.count("initiate"), before + 1);
    await list(ikeSa());
    await send(hasty);
    assert.deepEqual(snapshot().value, { failed: "halted" });
    assert.equal(calls.count("unload"), 2);
  });

  it("is unloaded again if an IKE SA was left", async () => {
    const { calls, send, snapshot } = await halted();
    await send(hasty);
    assert.deepEqual(snapshot().value, { failed: "halted" });
    assert.equal(calls.count("unload"), 2);
  });

  it("is not unloaded if five quiet minutes pass in between", async () => {
    const { calls, clock, list, send, start, snapshot } = harness();
    await start();
    await list(ikeSa());
    for (let i = 0; i < 4; i++) {
      await send(hasty);
      await list();
      await list(ikeSa({ uniqueId: String(10 + i) }));
      clock.increment(300_000);
      await settled();
    }
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("unload"), 0);
  });
});
