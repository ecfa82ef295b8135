import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { childHarness } from "./child-harness.ts";
import { childSa, ikeSa } from "./fixtures.ts";

const remote_ips = ["10.1.2.0/24", "10.7.0.0/24"];
const names = remote_ips.map((remote) => `child-2#10.0.2.0/24=${remote}`);

const saOf = (i: number, uniqueId = String(i + 1)) =>
  childSa({ name: names[i] as string, uniqueId, remoteSelectors: [remote_ips[i] as string] });
const both = () => ikeSa({ children: [saOf(0), saOf(1)] });
const first = () => ikeSa({ children: [saOf(0)] });

const harness = () => childHarness({ remote_ips, selectorMode: "perPair" });

describe("a child with a CHILD SA for each pair of networks", () => {
  it("initiates every pair, and is established once each has its SA", async () => {
    const { calls, list, start, snapshot } = harness();
    await start();
    assert.deepEqual(calls.last("initiate"), { connectionName: "site", names });
    await list({ ...first(), tasks: ["CHILD_CREATE"] });
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    await list(both());
    assert.equal(snapshot().value, "established");
    assert.equal(snapshot().context.failure, undefined);
  });

  it("reports the pair that the peer refuses, and retries only that pair", async () => {
    const { calls, list, send, start, snapshot, wait } = harness();
    const refused = failure(Reason.PeerUnreachable, "silent");
    await start();
    await send({ type: "peer.notified", failure: refused });
    await wait(200);
    await list(first());
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    assert.equal(snapshot().context.failure?.message, "10.0.2.0/24 to 10.7.0.0/24: silent");
    await wait(60_000);
    assert.deepEqual(calls.last("initiate"), { connectionName: "site", names: [names[1]] });
    await list(both());
    assert.equal(snapshot().value, "established");
  });

  it("initiates the pair that the peer closed, and keeps the others", async () => {
    const { calls, list, start, snapshot } = harness();
    await start();
    await list(both());
    await list(first());
    assert.deepEqual(calls.last("initiate"), { connectionName: "site", names: [names[1]] });
    assert.equal(calls.count("terminate"), 0);
    await list(both());
    assert.equal(snapshot().value, "established");
  });

  it("replaces the SA of a former declaration, and keeps the pairs that it already has", async () => {
    const { calls, list, start, snapshot } = harness();
    await list(ikeSa({ children: [childSa({ uniqueId: "7" }), saOf(0)] }));
    await start();
    assert.deepEqual(calls.last("terminate"), { uniqueIds: ["7"] });
    assert.deepEqual(calls.last("initiate"), { connectionName: "site", names: [names[1]] });
    await list(both());
    assert.equal(snapshot().value, "established");
  });

  it("keeps a pair that the peer narrowed while others are negotiated", async () => {
    const { calls, list, start, snapshot } = harness();
    const half = childSa({ name: names[0] as string, uniqueId: "1", remoteSelectors: [] });
    await start();
    await list(ikeSa({ children: [half], tasks: ["CHILD_CREATE"] }));
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    await list(ikeSa({ children: [half, saOf(1)] }));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminate"), 0);
    assert.equal(snapshot().context.failure?.reason, Reason.SaDiffers);
  });

  it("rekeys while one of its SAs is rekeyed", async () => {
    const { list, start, snapshot } = harness();
    await start();
    await list(both());
    await list(ikeSa({ children: [{ ...saOf(0), state: "REKEYING" }, saOf(0, "8"), saOf(1)] }));
    assert.deepEqual(snapshot().value, { rekeying: "waiting" });
    await list(ikeSa({ children: [saOf(0, "8"), saOf(1)] }));
    assert.equal(snapshot().value, "established");
  });
});
