import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { harness } from "./path-harness.ts";
import { childSpec, connectionOf, ikeSa, loadedNew, settled } from "./fixtures.ts";

describe("the path machine", () => {
  it("reports that charon is missing, then that the secret is missing", async () => {
    const { send, snapshot } = harness();
    assert.equal(snapshot().context.failure?.reason, "CharonUnavailable");
    await send({ type: "charon.ready" });
    assert.equal(snapshot().context.failure?.reason, "SecretMissing");
    assert.match(snapshot().context.failure?.message ?? "", /default\/ipsec-secret.*"site"/);
    await send({ type: "secret.changed", revision: "r1" });
    assert.equal(snapshot().value, "negotiating");
    assert.equal(snapshot().context.failure, undefined);
  });

  it("withdraws a key that was removed or cannot be used, and keeps established SAs", async () => {
    const { calls, send, list, snapshot } = harness();
    const bad = failure(Reason.SecretInvalid, "is badly written");
    await send({ type: "charon.ready" });
    await send({ type: "secret.missing" });
    assert.equal(calls.count("withdrawKey"), 0, "charon may have a valid key");
    await send({ type: "secret.changed", revision: "r1" });
    await list(ikeSa());
    await send({ type: "secret.refused", failure: bad });
    await send({ type: "secret.refused", failure: bad });
    assert.deepEqual(calls.last("withdrawKey"), { connectionName: "site" });
    assert.equal(calls.count("withdrawKey"), 1);
    assert.equal(snapshot().value, "established");
    await list();
    assert.equal(snapshot().value, "pending");
    assert.equal(snapshot().context.failure, bad);
    await send({ type: "secret.changed", revision: "r1" });
    assert.equal(snapshot().value, "negotiating");
    await send({ type: "secret.missing" });
    assert.equal(calls.count("withdrawKey"), 2);
    assert.equal(snapshot().context.failure?.reason, "SecretMissing");
  });

  it("leaves the key in charon if the spec names another Secret that cannot be read", async () => {
    const { calls, start, send, list, snapshot } = harness();
    await start();
    await list(ikeSa());
    await send({ type: "secret.missing", unreadable: true });
    assert.equal(calls.count("withdrawKey"), 0);
    assert.equal(snapshot().value, "established");
    assert.equal(snapshot().context.secretRevision, undefined);
  });

  it("withdraws a refused key from each charon that it connects to, and retries until that succeeds", async () => {
    const { calls, clock, send, snapshot } = harness();
    const bad = failure(Reason.SecretInvalid, "is badly written");
    await send({ type: "secret.refused", failure: bad });
    assert.equal(calls.count("withdrawKey"), 0);
    calls.fail("withdrawKey", failure(Reason.CharonUnavailable, "closed"));
    await send({ type: "charon.ready" });
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    clock.increment(60_000);
    await settled();
    assert.equal(calls.count("withdrawKey"), 2);
    assert.equal(snapshot().value, "pending");
    await send({ type: "charon.lost" });
    await send({ type: "charon.ready" });
    assert.equal(calls.count("withdrawKey"), 3);
  });

  it("is established if the list has its IKE SA, and negotiating if not", async () => {
    const { start, list, snapshot } = harness();
    await start();
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
    await list();
    assert.equal(snapshot().value, "negotiating");
    await list(ikeSa({ state: "REKEYING" }));
    assert.deepEqual(snapshot().value, { rekeying: "waiting" });
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
  });

  it("replaces an IKE SA whose rekey does not end", async () => {
    const { calls, clock, start, list, snapshot } = harness();
    await start();
    await list(ikeSa({ state: "REKEYING" }));
    clock.increment(60_000);
    await settled();
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
    assert.equal(snapshot().value, "negotiating");
    assert.equal(snapshot().context.failure?.reason, "RekeyOverdue");
  });

  describe("while MOBIKE looks for a path", () => {
    const moving = ikeSa({ tasks: ["IKE_MOBIKE"] });
    const others = ikeSa({ uniqueId: "8", state: "CONNECTING", tasks: ["IKE_MOBIKE"] });

    it("waits for charon to find one", async () => {
      const { calls, clock, start, list, snapshot } = harness();
      await start();
      await list(moving);
      clock.increment(299_000);
      assert.deepEqual(snapshot().value, { moving: "waiting" });
      await list(ikeSa());
      assert.equal(snapshot().value, "established");
      clock.increment(299_000);
      assert.equal(calls.count("terminateIke"), 1);
    });

    it("replaces the IKE SA half a minute after charon found no path", async () => {
      const { calls, clock, start, send, list, snapshot } = harness();
      await start();
      await list(ikeSa());
      await send({ type: "path.missing" });
      await list(moving, others);
      clock.increment(29_000);
      await send({ type: "path.missing" });
      clock.increment(29_000);
      assert.deepEqual(snapshot().value, { moving: "waiting" });
      clock.increment(1_000);
      await settled();
      assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
      assert.match(snapshot().context.failure?.message ?? "", /no path to the peer/);
      await list(ikeSa({ uniqueId: "8" }));
      assert.equal(snapshot().value, "established");
      assert.equal(snapshot().context.failure, undefined);
    });

    it("replaces the IKE SA after five minutes even if charon had found a path before", async () => {
      const { calls, clock, start, send, list } = harness();
      await start();
      await list(ikeSa());
      await send({ type: "path.missing" });
      await list(ikeSa());
      await list(moving);
      clock.increment(299_000);
      assert.equal(calls.count("terminateIke"), 1, "charon had found a path");
      clock.increment(1_000);
      await settled();
      assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
    });
  });

  it("terminates an IKE SA that differs from the declaration", async () => {
    const { calls, start, list, snapshot } = harness();
    await start();
    await list(ikeSa({ remoteId: "another-peer" }));
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
    await list(ikeSa({ uniqueId: "8" }));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminateIke"), 2); // the first call, after the load, has no IKE SA
  });

  it("terminates an IKE SA that was created when the connection had other addresses", async () => {
    const { calls, start, list, snapshot } = harness();
    calls.give("load", { ...loadedNew(), outdated: ["7"] });
    await start();
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
    await list(ikeSa({ uniqueId: "8" }));
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("terminateIke"), 1);
  });

  it("keeps an IKE SA that was moved to other addresses", async () => {
    const { calls, start, list, snapshot } = harness();
    await start();
    await list(ikeSa({ localHost: "fd00:1::1", remoteHost: "fd00:1::2" }));
    assert.equal(snapshot().value, "established");
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: [] });
  });

  it("fails with charon's message, and waits for another spec", async () => {
    const { calls, start, send, clock, snapshot } = harness();
    calls.fail("load", failure(Reason.ConfigRejected, "unknown option: x"));
    await start();
    assert.deepEqual(snapshot().value, { failed: "rejected" });
    clock.increment(3_600_000);
    await settled();
    assert.equal(calls.count("load"), 1);
    await send({ type: "spec.changed", connection: connectionOf({ extra: { mobike: "no" } }) });
    assert.equal(snapshot().value, "negotiating");
  });

  it("tries to load again if charon did not accept the command", async () => {
    const { calls, start, clock, snapshot } = harness();
    calls.fail("load", failure(Reason.CharonUnavailable, "busy"));
    await start();
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    clock.increment(500);
    await settled();
    await settled();
    assert.equal(snapshot().value, "negotiating");
  });

  it("is failed while the peer refuses it, and recovers when the peer accepts it", async () => {
    const { start, send, list, snapshot } = harness();
    await start();
    await list(ikeSa({ state: "CONNECTING", children: [] }));
    await send({ type: "peer.notified", failure: failure(Reason.AuthenticationFailed, "no") });
    await list();
    assert.deepEqual(snapshot().value, { failed: "refused" });
    await list(ikeSa({ state: "CONNECTING", children: [] }));
    assert.equal(snapshot().value, "negotiating");
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
    assert.equal(snapshot().context.failure, undefined);
  });

  it("loads a secret once per change", async () => {
    const { calls, start, send } = harness();
    await start();
    await send({ type: "secret.changed", revision: "r1" });
    assert.equal(calls.count("load"), 1);
    await send({ type: "secret.changed", revision: "r2" });
    assert.equal(calls.count("load"), 2);
  });

  it("starts added children and stops removed ones, and leaves the others running", async () => {
    const { calls, start, list, send, snapshot, received } = harness();
    await start();
    await list(ikeSa());
    const two = { "child-2": childSpec(2), "child-3": childSpec(3) };
    await send({ type: "spec.changed", connection: connectionOf({ children: two }) });
    assert.deepEqual(Object.keys(snapshot().children).toSorted(), [
      "child.child-2",
      "child.child-3",
    ]);
    await send({ type: "spec.changed", connection: connectionOf() });
    await settled();
    assert.deepEqual(Object.keys(snapshot().children), ["child.child-2"]);
    assert.deepEqual(
      received().filter((event) => "child" in event && event.child === "child-3"),
      [{ type: "child.ended", path: "main", child: "child-3" }],
    );
    assert.deepEqual(
      calls.made.filter(
        ({ name, input }) =>
          name === "terminateIke" && (input as { uniqueIds: string[] }).uniqueIds.length > 0,
      ),
      [],
    );
  });

  it("replaces the IKE SA when an IKE option changes", async () => {
    const { calls, start, list, send } = harness();
    await start();
    await list(ikeSa());
    await send({ type: "spec.changed", connection: connectionOf({ extra: { rekey_time: "1h" } }) });
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
  });

  it("stops its children, then itself, when it is deleted", async () => {
    const { calls, start, list, send, snapshot } = harness();
    await start();
    await list(ikeSa());
    await send({ type: "delete" });
    await settled();
    await settled();
    assert.deepEqual(calls.made.map(({ name }) => name).slice(-2), ["terminate", "unload"]);
    assert.equal(snapshot().status, "done");
  });

  it("has no secret in its context", async () => {
    const { start, snapshot } = harness();
    await start();
    assert.equal(snapshot().context.secretRevision, "r1");
    assert.deepEqual(
      Object.keys(snapshot().context).filter((name) => /secret|psk|key/i.test(name)),
      ["secretRevision", "keyFailure", "keyToWithdraw", "rekeyRefusal"],
    );
  });
});
