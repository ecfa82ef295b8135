import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { childHarness as harness } from "./child-harness.ts";
import { childSa, connectionOf, ikeSa, settled } from "./fixtures.ts";

const refused = failure(Reason.AuthenticationFailed, "no");
const away = failure(Reason.PeerUnreachable, "silent");

describe("the child machine", () => {
  it("is pending until the connection is loaded, then initiates its SA", async () => {
    const { calls, send, snapshot } = harness();
    assert.equal(snapshot().value, "pending");
    assert.equal(calls.count("initiate"), 0);
    await send({ type: "connection.loaded" });
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    assert.deepEqual(calls.last("initiate"), { connectionName: "site", names: ["child-2"] });
  });

  it("replaces an SA of an earlier spec once, even if charon has already loaded the current spec", async () => {
    const { calls, list, send, snapshot } = harness();
    const left = (uniqueId: string) =>
      ikeSa({ children: [childSa({ uniqueId, remoteSelectors: ["10.9.0.0/16"] })] });
    await list(left("1"));
    await send({ type: "connection.loaded", alike: true });
    assert.deepEqual(calls.last("terminate"), { uniqueIds: ["1"] });
    await list(left("2"));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminate"), 1);
    assert.equal(snapshot().context.failure?.reason, Reason.SaDiffers);
  });

  it("keeps an SA that the peer narrowed if charon has already loaded the current spec", async () => {
    const remote_ips = ["10.1.2.0/24", "10.7.0.0/24"];
    const { calls, list, send, snapshot } = harness({ remote_ips });
    await list(ikeSa());
    await send({ type: "connection.loaded", alike: true });
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminate"), 0);
  });

  it("adopts an existing SA, and does not initiate another one", async () => {
    const { calls, list, snapshot } = harness();
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("initiate"), 0);
  });

  it("requests a list every two seconds while it waits", async () => {
    const { root, start, wait } = harness();
    await start();
    await wait(2_000);
    await wait(2_000);
    const { received } = root.getSnapshot().context;
    const reports = ["child.down", "child.down"];
    assert.deepEqual(received, [...reports, "sas.wanted", "sas.wanted"]);
  });

  it("waits while charon negotiates, then fails with the peer's reason", async () => {
    const { send, list, start, snapshot, wait } = harness();
    await start();
    await list(ikeSa({ state: "CONNECTING", children: [] }));
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    await send({ type: "peer.notified", failure: refused });
    await wait(200);
    await list();
    assert.deepEqual(snapshot().value, { failed: "stalled" });
    assert.equal(snapshot().context.failure, refused);
  });

  it("accepts a reason from charon's log that arrives after a list without the SA", async () => {
    const { send, list, start, snapshot } = harness();
    await start();
    await list();
    assert.deepEqual(snapshot().value, { negotiating: "unexplained" });
    await send({ type: "peer.notified", failure: refused });
    assert.deepEqual(snapshot().value, { failed: "stalled" });
    assert.equal(snapshot().context.failure, refused);
  });

  it("reports a failure without a cause if neither charon nor the peer names one", async () => {
    const { list, start, snapshot, wait } = harness();
    await start();
    await list();
    await wait(200);
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    assert.equal(snapshot().context.failure?.reason, Reason.NegotiationFailed);
  });

  it("uses a peer's notification that arrives before charon's reply to the initiate command", async () => {
    const { send, list, start, snapshot, wait, hold } = harness();
    const held = hold("initiate");
    await start();
    await send({ type: "peer.notified", failure: refused });
    assert.deepEqual(snapshot().value, { negotiating: "initiating" });
    held.resolve();
    await wait(0);
    assert.deepEqual(snapshot().value, { negotiating: "hinted" });
    await wait(200);
    await list();
    assert.equal(snapshot().context.failure, refused);
  });

  it("retries after about a minute if the peer refused, in case the peer has been corrected", async () => {
    const { calls, send, list, start, wait } = harness();
    await start();
    await send({ type: "peer.notified", failure: refused });
    await list();
    await wait(44_000);
    assert.equal(calls.count("initiate"), 1);
    await wait(31_000);
    assert.equal(calls.count("initiate"), 2);
  });

  it("reports an unreachable peer while charon still retransmits, and retries after charon gave up", async () => {
    const { calls, send, list, start, snapshot, wait } = harness();
    await start();
    await send({ type: "peer.notified", failure: away });
    assert.equal(snapshot().context.failure?.reason, "PeerUnreachable");
    await wait(200);
    await list(ikeSa({ state: "CONNECTING", children: [] }));
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    await list();
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    await wait(500);
    assert.equal(calls.count("initiate"), 2);
  });

  it("retries at once after a spec or secret was loaded, even during an attempt", async () => {
    const { calls, send, list, start, snapshot, wait } = harness();
    await start();
    await send({ type: "peer.notified", failure: refused });
    await list();
    await send({ type: "connection.loaded" });
    assert.equal(calls.count("initiate"), 2);
    await send({ type: "peer.notified", failure: refused });
    await send({ type: "connection.loaded" });
    await list();
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    await wait(500);
    assert.equal(calls.count("initiate"), 3);
  });

  it("initiates a new SA after the peer closed the old one", async () => {
    const { calls, start, list, snapshot } = harness();
    await start();
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
    await list(ikeSa({ children: [] }));
    await settled();
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    assert.equal(snapshot().context.failure?.reason, "PeerClosed");
    assert.equal(calls.count("initiate"), 2);
  });

  it("waits for charon's own reauthentication, and initiates an SA if that fails", async () => {
    const { calls, start, list, snapshot } = harness();
    const reauthenticating = ikeSa({ uniqueId: "8", state: "CONNECTING", children: [] });
    await start();
    await list(ikeSa());
    await list(reauthenticating);
    assert.deepEqual(snapshot().value, { negotiating: "yielding" });
    await list(ikeSa({ uniqueId: "8" }));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("initiate"), 1);
    await list(reauthenticating);
    await list();
    assert.deepEqual(snapshot().value, { negotiating: "waiting" });
    assert.equal(calls.count("initiate"), 2);
  });

  it("ignores a CHILD SA that was rekeyed and is still listed", async () => {
    const { start, list, snapshot } = harness();
    await start();
    await list(ikeSa({ children: [childSa({ state: "DELETED" }), childSa({ uniqueId: "2" })] }));
    assert.deepEqual(
      snapshot().context.sas.map((sa) => sa.uniqueId),
      ["2"],
    );
  });

  it("replaces an SA that differs from the declaration", async () => {
    const { calls, start, list } = harness();
    await start();
    await list(ikeSa({ children: [childSa({ remoteSelectors: ["10.9.0.0/16"] })] }));
    await settled();
    assert.deepEqual(calls.last("terminate"), { uniqueIds: ["1"] });
    assert.equal(calls.count("initiate"), 2);
  });

  it("keeps an SA whose selectors the peer narrowed", async () => {
    const { calls, start, list, snapshot } = harness();
    await start();
    await list(ikeSa({ children: [childSa({ remoteSelectors: ["10.1.2.128/25"] })] }));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminate"), 0);
  });

  it("is rekeying while its SA is, and replaces the SA if the rekey takes too long", async () => {
    const { calls, start, list, snapshot, wait } = harness();
    await start();
    await list(ikeSa());
    await list(ikeSa({ children: [childSa({ state: "REKEYING" })] }));
    assert.deepEqual(snapshot().value, { rekeying: "waiting" });
    await list(ikeSa({ children: [childSa({ uniqueId: "2" })] }));
    assert.equal(snapshot().value, "established");
    await list(ikeSa({ children: [childSa({ state: "REKEYING" })] }));
    await wait(60_000);
    await settled();
    assert.deepEqual(calls.last("terminate"), { uniqueIds: ["1"] });
  });

  it("rekeys on demand", async () => {
    const { calls, start, list, send } = harness();
    await start();
    await list(ikeSa());
    await send({ type: "rekey" });
    assert.deepEqual(calls.last("rekey"), { uniqueIds: ["1"] });
  });

  it("initiates no SA if the peer is to initiate it", async () => {
    const { calls, start, list, snapshot } = harness({ extra: { start_action: "none" } });
    await start();
    assert.deepEqual(snapshot().value, { negotiating: "listening" });
    assert.equal(snapshot().context.failure?.reason, Reason.AwaitingPeer);
    await list();
    assert.deepEqual(snapshot().value, { negotiating: "listening" });
    assert.equal(calls.count("initiate"), 0);
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
  });

  it("has no failure while it stands by, and the one of its declaration once it is active", async () => {
    const { child, start, send, snapshot } = harness({ extra: { start_action: "none" } });
    const { extra: _, ...others } = child;
    const standby = { ...others, extra: {}, initiates: false, standsBy: true } as const;
    const connection = connectionOf();
    await send({ type: "child.changed", connection, child: standby, replaces: false });
    await start();
    assert.deepEqual(snapshot().value, { negotiating: "listening" });
    assert.equal(snapshot().context.failure, undefined);
    await send({ type: "child.changed", connection, child, replaces: false });
    await send({ type: "connection.loaded" });
    assert.match(snapshot().context.failure?.message ?? "", /start_action is none/);
  });

  it("keeps its SA if only a pool changes, and replaces the SA if a selector changes", async () => {
    const { calls, child, start, list, send, snapshot } = harness();
    await start();
    await list(ikeSa());
    await send({
      type: "child.changed",
      connection: connectionOf(),
      child: { ...child, pools: new Map() },
      replaces: false,
    });
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminate"), 0);
    await send({ type: "child.changed", connection: connectionOf(), child, replaces: true });
    await settled();
    assert.equal(calls.count("terminate"), 1);
  });

  it("initiates a changed declaration only after charon has loaded it", async () => {
    const { calls, child, start, list, send, snapshot } = harness();
    await start();
    await list(ikeSa());
    const before = calls.count("initiate");
    await send({ type: "child.changed", connection: connectionOf(), child, replaces: true });
    await settled();
    assert.equal(snapshot().value, "pending");
    assert.equal(calls.count("initiate"), before, "charon would negotiate the declaration before");
    await send({ type: "connection.loaded" });
    await settled();
    assert.equal(calls.count("initiate"), before + 1);
  });

  it("initiates nothing of a former connection if its SA ends before charon has loaded the changed one", async () => {
    const { calls, child, start, list, send, snapshot } = harness();
    await start();
    await list(ikeSa());
    const before = calls.count("initiate");
    const changed = { connection: connectionOf(), child, replaces: false, replacesIke: true };
    await send({ type: "child.changed", ...changed });
    assert.equal(snapshot().value, "established");
    await list();
    await settled();
    assert.equal(snapshot().value, "pending");
    assert.equal(calls.count("initiate"), before);
    await send({ type: "connection.loaded" });
    await settled();
    assert.equal(calls.count("initiate"), before + 1);
  });

  it("is pending again when charon is lost", async () => {
    const { start, list, send, snapshot } = harness();
    await start();
    await list(ikeSa());
    await send({ type: "connection.unloaded" });
    assert.equal(snapshot().value, "pending");
    assert.deepEqual(snapshot().context.sas, []);
  });

  it("terminates its SA when it stops, even if the termination fails", async () => {
    const { calls, start, list, send, snapshot } = harness();
    await start();
    await list(ikeSa());
    calls.fail("terminate", failure(Reason.CharonUnavailable, "gone"));
    await send({ type: "stop" });
    await settled();
    assert.equal(calls.count("terminate"), 1);
    assert.equal(snapshot().status, "done");
  });
});
