import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coldStandby } from "../../src/model/api/path.ts";
import { harness } from "./path-harness.ts";
import { connectionOf, ikeSa } from "./fixtures.ts";

const second = 1_000;
const connection = coldStandby(connectionOf());

/** A path whose SAs end, since it stands by without them from now on. */
async function left() {
  const path = harness();
  await path.start();
  await path.list(ikeSa());
  await path.send({ type: "spec.changed", connection, ends: "all" });
  return path;
}

describe("a path that is to have no SAs", () => {
  it("ends one that charon began before", async () => {
    const { calls, list } = await left();
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
    await list(ikeSa({ uniqueId: "2" }));
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["2"] });
  });

  it("does not fight a peer that dials again as soon as each one ends", async () => {
    const { calls, clock, list } = await left();
    for (let id = 10; id < 70; id++) {
      clock.increment(second);
      await list(ikeSa({ uniqueId: String(id) }));
    }
    assert.ok(calls.count("terminateIke") < 15, `${calls.count("terminateIke")} commands`);
  });

  it("accepts what the peer dials later", async () => {
    const path = harness();
    await path.start();
    await path.send({ type: "spec.changed", connection, ends: "all" });
    path.clock.increment(60 * second);
    await path.list(ikeSa({ uniqueId: "9" }));
    assert.deepEqual(path.calls.last("terminateIke"), { uniqueIds: [] });
  });
});
