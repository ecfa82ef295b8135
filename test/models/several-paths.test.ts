import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSnapshotOf, gatewaySnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import { connectionOf, ikeSa } from "./fixtures.ts";
import { derived, harness, two, viaBackup } from "./several-paths-harness.ts";

describe("a connection with two paths", () => {
  it("dials the preferred path alone, and follows its state", async () => {
    const { list, snapshot, initiates, tunnels, calls } = await harness();
    assert.deepEqual([initiates("main"), initiates("backup")], [true, false]);
    assert.equal(calls.count("initiate"), 1);
    assert.deepEqual(tunnels(), [102, derived]);
    await list("main", ikeSa());
    assert.equal(snapshot().value, "established");
    assert.equal(childSnapshotOf(snapshot(), "child-2")?.value, "established");
  });

  it("adopts the path that an earlier process left up, before its gateway is configured", async () => {
    const { snapshot, switches, tunnels, initiates, calls } = await harness(two, [viaBackup()]);
    assert.equal(snapshot().context.active, "backup");
    assert.deepEqual(tunnels(), [derived, 102]);
    assert.deepEqual([initiates("main"), initiates("backup")], [false, true]);
    assert.equal(calls.count("initiate"), 0);
    assert.deepEqual(switches, []);
  });

  it("leads traffic into the other path once the active one is lost and the other is up", async () => {
    const { list, wait, snapshot, switches, tunnels, initiates, calls } = await harness();
    await list("main", ikeSa());
    await list("backup");
    await list("main");
    assert.equal(snapshot().context.active, "main");
    await wait(1_000);
    assert.deepEqual(switches, ["main backup lost"]);
    assert.equal(initiates("backup"), true);
    assert.deepEqual(calls.last("initiate"), { connectionName: "site/backup", names: ["child-2"] });
    assert.deepEqual(tunnels(), [derived, 102]);
    await list("backup", viaBackup());
    assert.equal(snapshot().value, "established");
    const { context } = gatewaySnapshotOf(snapshot(), "child-2") ?? {};
    assert.equal(context?.tunnel?.remoteHost, "192.0.2.9");
    await wait(1_000);
    assert.equal(initiates("main"), false);
  });

  it("moves after the other path is up, and ends the SAs of the former one a moment later", async () => {
    const { list, send, wait, snapshot, tunnels, initiates, calls } = await harness();
    await list("main", ikeSa());
    await send({ type: "move", path: "backup" });
    assert.deepEqual([initiates("main"), initiates("backup")], [true, true]);
    assert.deepEqual(tunnels(), [102, derived]);
    await list("backup", viaBackup());
    assert.equal(snapshot().context.active, "backup");
    assert.deepEqual(tunnels(), [derived, 102]);
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: [] });
    await wait(1_000);
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["7"] });
    assert.equal(initiates("main"), false);
  });

  it("keeps the SAs of a path that was chosen again at once", async () => {
    const { list, send, wait, calls } = await harness();
    await list("main", ikeSa());
    await send({ type: "move", path: "backup" });
    await list("backup", viaBackup());
    await send({ type: "move", path: "main" });
    await wait(1_000);
    assert.deepEqual(calls.last("terminateIke"), { uniqueIds: ["8"] });
  });

  it("gets a second path and loses it without an effect on the first", async () => {
    const { list, send, snapshot, calls } = await harness({});
    await list("main", ikeSa());
    await send({ type: "spec.changed", connection: connectionOf(two) });
    await send({ type: "secret.changed", path: "backup", revision: "r1" });
    assert.deepEqual(
      snapshot().context.paths.map(({ path }) => path),
      ["main", "backup"],
    );
    await send({ type: "spec.changed", connection: connectionOf() });
    assert.deepEqual(
      snapshot().context.paths.map(({ path }) => path),
      ["main"],
    );
    assert.equal(snapshot().children["failover"], undefined);
    assert.deepEqual(calls.last("unload"), { connectionName: "site/backup" });
    const ended = calls.made.filter(({ name }) => name === "terminateIke");
    for (const { input } of ended) assert.deepEqual(input, { uniqueIds: [] });
    assert.equal(snapshot().value, "established");
  });

  it("gets a second path before the first is up, and then takes it if the first is not", async () => {
    const { list, send, wait, snapshot, initiates } = await harness({});
    await send({ type: "spec.changed", connection: connectionOf(two) });
    await send({ type: "secret.changed", path: "backup", revision: "r1" });
    assert.deepEqual([initiates("main"), initiates("backup")], [true, false]);
    await list("main");
    await wait(10_000);
    assert.equal(snapshot().context.active, "backup");
    assert.equal(initiates("backup"), true);
  });

  it("dials nothing after charon was away until its SAs are known, and keeps the path of these", async () => {
    const { list, send, wait, snapshot, switches, initiates, calls } = await harness();
    await list("main", ikeSa());
    await send({ type: "move", path: "backup" });
    await list("backup", viaBackup());
    await wait(1_000);
    await send({ type: "charon.lost" });
    assert.deepEqual([initiates("main"), initiates("backup")], [false, false]);
    const initiated = calls.count("initiate");
    await send({ type: "charon.ready" });
    await list("main");
    await list("backup", viaBackup());
    assert.equal(calls.count("initiate"), initiated);
    await send({ type: "sas.complete" });
    assert.deepEqual([initiates("main"), initiates("backup")], [false, true]);
    assert.equal(snapshot().context.active, "backup");
    assert.equal(snapshot().value, "established");
    assert.deepEqual(switches, ["main backup move"]);
  });

  it("returns to a remaining path if the active one is removed", async () => {
    const { list, send, snapshot, tunnels, switches } = await harness();
    await list("main", ikeSa());
    await send({ type: "move", path: "backup" });
    await list("backup", viaBackup());
    await send({ type: "spec.changed", connection: connectionOf() });
    assert.equal(snapshot().context.active, "main");
    assert.deepEqual(tunnels(), [102]);
    assert.equal(switches.at(-1), "main backup move");
  });

  it("ends after both paths have ended", async () => {
    const { list, send, snapshot, calls } = await harness();
    await list("main", ikeSa());
    await send({ type: "delete" });
    assert.equal(snapshot().status, "done");
    assert.equal(calls.count("unload"), 2);
    assert.equal(calls.count("remove"), 1);
  });
});
