import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { freeTimes } from "../../src/machines/common/recurrence.ts";
import type { IkeSa } from "../../src/model/charon/sa.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { harness } from "./path-harness.ts";
import { childSa, ikeSa, settled } from "./fixtures.ts";

const older = ikeSa();
const newer = ikeSa({ uniqueId: "8", children: [childSa({ uniqueId: "2" })] });

describe("a connection with two SAs for the same traffic", () => {
  async function doubled(...ikeSas: readonly IkeSa[]) {
    const made = harness();
    await made.start();
    await made.list(older);
    await made.list(...ikeSas);
    const pass = async (milliseconds: number) => {
      made.clock.increment(milliseconds);
      await settled();
      await settled();
    };
    return { ...made, pass };
  }

  it("ends the older CHILD SA of one IKE SA after a while, and stays established", async () => {
    const repeated = ikeSa({ children: [childSa(), childSa({ uniqueId: "2" })] });
    const { calls, list, pass, snapshot } = await doubled(repeated);
    assert.deepEqual(snapshot().value, { doubled: "settling" });
    await pass(20_100);
    assert.deepEqual(calls.last("endSurplus"), { ikeSas: [], childSas: ["1"] });
    await list(ikeSa({ children: [childSa({ uniqueId: "2" })] }));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("initiate"), 1);
  });

  it("ends the older IKE SA after a while, and stays established", async () => {
    const { calls, list, pass, snapshot } = await doubled(older, newer);
    assert.deepEqual(snapshot().value, { doubled: "settling" });
    assert.ok(snapshot().hasTag("established"));
    const ended = calls.count("endSurplus");
    await pass(9_900);
    assert.equal(calls.count("endSurplus"), ended);
    await pass(10_200);
    assert.deepEqual(calls.last("endSurplus"), { ikeSas: ["7"], childSas: [] });
    await list(newer);
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminate"), 0);
    assert.equal(calls.count("initiate"), 1);
  });

  it("ends none if charon or the peer ends one first, or a rekey begins", async () => {
    for (const next of [[newer], [{ ...older, state: "REKEYING" }, newer]]) {
      const { calls, list, pass, snapshot } = await doubled(older, newer);
      const ended = calls.count("endSurplus");
      await list(...next);
      assert.notDeepEqual(snapshot().value, { doubled: "settling" });
      await pass(30_000);
      assert.equal(calls.count("endSurplus"), ended);
    }
  });

  it("ends none for some minutes after SAs have multiplied many times", async () => {
    const { calls, list, pass, snapshot } = await doubled(older, newer);
    for (let i = 0; i < freeTimes + 1; i++) {
      await list(older, newer);
      await pass(20_000);
      await list(newer);
    }
    const ended = calls.count("endSurplus");
    await list(older, newer);
    assert.equal(snapshot().value, "established");
    await pass(60_000);
    assert.equal(calls.count("endSurplus"), ended);
  });

  const crowd = [older, newer, ikeSa({ uniqueId: "9", children: [childSa({ uniqueId: "3" })] })];
  const busy = ikeSa({ uniqueId: "10", state: "CONNECTING", children: [] });

  it("ends all but the newest of three IKE SAs within two seconds, also while others are made", async () => {
    const { calls, list, pass, snapshot } = await doubled(...crowd);
    assert.deepEqual(snapshot().value, { doubled: "crowded" });
    await pass(900);
    await list(...crowd, { ...busy, tasks: ["IKE_REAUTH_COMPLETE"] });
    await pass(1_100);
    assert.deepEqual(calls.last("endSurplus"), { ikeSas: ["8", "7"], childSas: [] });
  });

  it("waits longer again if only two are left", async () => {
    const { calls, list, pass, snapshot } = await doubled(...crowd);
    await list(older, newer);
    assert.deepEqual(snapshot().value, { doubled: "settling" });
    await pass(9_900);
    assert.equal(calls.count("endSurplus"), 0);
  });

  it("ends the surplus of three IKE SAs also after SAs have multiplied many times", async () => {
    const { calls, list, pass } = await doubled(...crowd);
    for (let i = 0; i < 2 * freeTimes; i++) {
      await list(...crowd);
      await pass(2_000);
      await list(newer);
    }
    const ended = calls.count("endSurplus");
    assert.equal(ended, 2 * freeTimes);
    await list(...crowd);
    await pass(2_000);
    assert.equal(calls.count("endSurplus"), ended + 1);
  });
});

describe("a peer that restarts and initiates at once", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("leaves one IKE SA, the new one, and the tunnel stays up", async () => {
    const resources = [secret({ site: psk }), connectionSpec("site")].map(resourceOf);
    await using world = new World(resources, { latencyMs: 20 });
    const states = new Set<string>();
    /** Passes time in slices, between which sockets get their turn. */
    const pass = async (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += 20) {
        mock.timers.tick(20);
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
        for (const { state, children } of statusOf(world.supervisor).connections)
          states.add([state, ...children.map((child) => child.state)].join(" "));
      }
    };
    await world.start();
    await pass(2_000);
    const initiated = world.charon.asked.get("initiate");
    states.clear();
    world.charon.peerInitiates("site");
    const [, second] = world.charon.ikes;
    await pass(25_000);
    assert.deepEqual(world.charon.ikes, [second]);
    assert.deepEqual([...states], ["established established"]);
    assert.equal(world.charon.asked.get("initiate"), initiated);
  });
});
