import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { pathConnections } from "../../src/model/api/path.ts";
import {
  childSnapshotOf,
  gatewaySnapshotOf,
  pathNamed,
} from "../../src/runtime/actors/snapshots.ts";
import { pathStatuses } from "../../src/runtime/status/path-status.ts";
import { childSa, childSpec, connectionOf, gateway, ikeSa } from "./fixtures.ts";
import { derived, harness, two, viaBackup, type Harness } from "./several-paths-harness.ts";

/** A connection with two paths and two children. */
const twoChildren = { ...two, children: { "child-2": childSpec(2), "child-3": childSpec(3) } };
const ifIds = pathConnections(connectionOf(twoChildren)).map(({ connection }) =>
  connection.children.map(({ ifId }) => ifId),
);
/** The CHILD SAs of the first children by a path. */
const sasOf = (path: 0 | 1, count: 1 | 2) =>
  [2, 3].slice(0, count).map((n, i) =>
    childSa({
      name: `child-${n}`,
      uniqueId: `${path}${n}`,
      ifId: ifIds[path]?.[i],
      localSelectors: [`10.0.${n}.0/24`],
      remoteSelectors: [`10.1.${n}.0/24`],
    }),
  );

/** Declares the second path, with its key. */
async function addBackup({ send }: Harness): Promise<void> {
  await send({ type: "spec.changed", connection: connectionOf(two) });
  await send({ type: "secret.changed", path: "backup", revision: "r1" });
}

/** The SAs that were terminated. */
const endedBy = ({ calls }: Harness) =>
  calls.made
    .filter(({ name }) => name === "terminate" || name === "terminateIke")
    .flatMap(({ input }) => (input as { uniqueIds: readonly string[] }).uniqueIds);

describe("the paths of a connection", () => {
  it("have their keys if they are declared again while they end", async () => {
    const made = await harness();
    await made.list("main", ikeSa());
    const ending = made.calls.hold("unload");
    await made.send({ type: "spec.changed", connection: connectionOf() });
    await addBackup(made);
    ending.resolve();
    await made.rest();
    const backup = pathNamed(made.snapshot(), "backup")?.getSnapshot();
    assert.equal(backup?.context.secretRevision, "r1");
  });

  it("leave gateways configured if only one remains before the first choice", async () => {
    const made = await harness(two, "no list yet");
    await made.send({ type: "spec.changed", connection: connectionOf() });
    assert.equal(made.gatewayHas(), gateway.id);
    await made.send({ type: "charon.ready" });
    await made.list("main", ikeSa());
    assert.equal(made.snapshot().value, "established");
    const later = { ...gateway, id: "later" };
    const endpoints = new Map([["child-2", { gateway: later, workers: [] }]]);
    await made.send({ type: "endpoints.changed", endpoints });
    assert.equal(made.gatewayHas(), later.id);
  });

  it("are not up by an IKE SA alone, also if they are declared later", async () => {
    const made = await harness({});
    const refused = failure(Reason.TrafficSelectorsRefused, "no");
    await made.list("main", ikeSa({ children: [] }));
    await made.send({ type: "peer.notified", path: "main", failure: refused });
    await made.wait(1_000);
    await made.list("main", ikeSa({ children: [] }));
    await addBackup(made);
    await made.wait(10_000);
    assert.equal(made.snapshot().context.active, "backup");
  });

  it("stay as they are if the second one is declared during a rekey of the IKE SA", async () => {
    const made = await harness({});
    await made.list("main", ikeSa());
    await made.list("main", ikeSa({ state: "REKEYING" }));
    await addBackup(made);
    await made.list("main", ikeSa({ uniqueId: "9" }));
    await made.wait(10_000);
    assert.deepEqual(made.switches, []);
    assert.deepEqual(endedBy(made), []);
  });

  it("keep the SAs of a child that traffic brings up, by whichever path", async () => {
    const extra = { ...childSpec().extra, start_action: "trap" };
    const trap = { ...two, children: { "child-2": childSpec(2, { extra }) } };
    const adopted = await harness(trap, [viaBackup()]);
    await adopted.wait(1_000);
    assert.equal(adopted.snapshot().context.active, "backup");
    assert.deepEqual(endedBy(adopted), []);
    const made = await harness(trap);
    await made.list("main", ikeSa());
    await made.wait(1_000);
    await made.send({ type: "charon.lost" });
    await made.send({ type: "charon.ready" });
    await made.list("main", ikeSa());
    await made.send({ type: "sas.complete" });
    assert.deepEqual(endedBy(made), []);
  });

  it("come up beside the active one also if traffic brings up their children", async () => {
    const extra = { ...childSpec().extra, start_action: "trap" };
    const made = await harness({ ...two, children: { "child-2": childSpec(2, { extra }) } });
    await made.list("main", ikeSa());
    await made.send({ type: "probes.judged", answered: false });
    assert.equal(made.snapshot().context.dialled, "backup");
    assert.deepEqual(made.calls.last("initiate"), {
      connectionName: "site/backup",
      names: ["child-2"],
    });
    await made.list("backup", viaBackup());
    await made.wait(10_000);
    assert.deepEqual(made.switches, ["main backup unreachable"]);
    assert.equal(made.initiates("backup"), false);
    assert.deepEqual(endedBy(made), ["7"]);
  });

  it("are left only for one that carries as many children", async () => {
    const both = viaBackup({ children: sasOf(1, 2) });
    const made = await harness(twoChildren, [both]);
    await made.wait(300_000);
    assert.equal(made.snapshot().context.dialled, "main");
    await made.list("main", ikeSa({ children: sasOf(0, 1) }));
    await made.wait(10_000);
    assert.equal(made.snapshot().context.active, "backup");
    assert.equal(made.snapshot().context.dialled, undefined);
    await made.wait(600_000);
    await made.list("main", ikeSa({ children: sasOf(0, 2) }));
    assert.equal(made.snapshot().context.active, "main");
  });

  it("are kept while one of their children is down", async () => {
    const made = await harness(twoChildren, [viaBackup({ children: sasOf(1, 2) })]);
    await made.list("backup", viaBackup({ children: sasOf(1, 1) }));
    await made.wait(5_000);
    assert.deepEqual(made.switches, []);
    assert.equal(childSnapshotOf(made.snapshot(), "child-2")?.value, "established");
  });

  it("have ten seconds for new SAs after a restart and after a change of the IKE options", async () => {
    const changed = connectionOf({ ...two, extra: { dpd_delay: "7s" } });
    for (const event of [
      { type: "restart" },
      { type: "spec.changed", connection: changed },
    ] as const) {
      const made = await harness();
      await made.list("main", ikeSa());
      await made.send(event);
      await made.list("main");
      await made.wait(5_000);
      assert.deepEqual(made.switches, [], event.type);
      await made.list("main", ikeSa({ uniqueId: "10" }));
      await made.list("main");
      await made.wait(1_000);
      assert.deepEqual(made.switches, ["main backup lost"], event.type);
    }
  });

  it("end their SAs a second after the last time that they were left", async () => {
    const made = await harness();
    await made.list("main", ikeSa());
    await made.send({ type: "move", path: "backup" });
    await made.list("backup", viaBackup());
    await made.wait(600);
    await made.send({ type: "move", path: "main" });
    await made.wait(300);
    await made.send({ type: "move", path: "backup" });
    await made.wait(900);
    assert.deepEqual(endedBy(made), []);
    await made.wait(100);
    assert.deepEqual(endedBy(made), ["7"]);
  });

  it("give the gateway the parameters of the remaining one if the active one is removed", async () => {
    const made = await harness();
    await made.list("main", ikeSa());
    await made.send({ type: "move", path: "backup" });
    await made.list("backup", viaBackup());
    const remoteHost = () =>
      gatewaySnapshotOf(made.snapshot(), "child-2")?.context.tunnel?.remoteHost;
    assert.equal(remoteHost(), "192.0.2.9");
    assert.deepEqual(made.tunnels(), [derived, 102]);
    await made.send({ type: "spec.changed", connection: connectionOf() });
    assert.equal(remoteHost(), "192.168.1.2");
    assert.deepEqual(made.tunnels(), [102]);
  });

  it("show what a standby lacks, and nothing before the first choice", async () => {
    const made = await harness();
    await made.list("main", ikeSa());
    await made.send({ type: "secret.missing", path: "backup" });
    const [main, backup] = pathStatuses(made.snapshot()).paths;
    assert.equal(main?.role, "active");
    assert.equal(backup?.failure?.reason, Reason.SecretMissing);
    const unchosen = await harness(two, "no list yet");
    assert.deepEqual(pathStatuses(unchosen.snapshot()), { paths: [] });
  });

  it("show their kind of standby, since when they are up, and the last switch", async () => {
    const [preferred, second] = two.paths;
    const first = { ...preferred, standby: "warm" };
    const made = await harness({ paths: [first, second] });
    await made.list("main", ikeSa());
    const before = pathStatuses(made.snapshot());
    assert.deepEqual(
      before.paths.map(({ name, standby }) => `${name} ${standby}`),
      ["main warm", "backup cold"],
    );
    assert.equal(before.lastSwitch, undefined);
    await made.send({ type: "move", path: "backup" });
    await made.list("backup", viaBackup());
    const after = pathStatuses(made.snapshot(), before);
    const sinceOf = ({ paths }: typeof before) => paths.map(({ since }) => since);
    assert.equal(sinceOf(after)[0], sinceOf(before)[0]);
    assert.ok((sinceOf(after)[1] ?? 0) > (sinceOf(before)[1] ?? 0));
    assert.deepEqual([after.lastSwitch?.from, after.lastSwitch?.cause], ["main", "move"]);
    assert.equal(pathStatuses(made.snapshot(), after).lastSwitch, after.lastSwitch);
    const others = { paths: [first, { ...second, name: "third" }] };
    await made.send({ type: "spec.changed", connection: connectionOf(others) });
    assert.equal(pathStatuses(made.snapshot(), after).lastSwitch, undefined);
  });

  it("ask for lists only while they are dialled", async () => {
    const made = await harness();
    await made.list("main", ikeSa());
    await made.list("backup");
    const backup = pathNamed(made.snapshot(), "backup")?.getSnapshot();
    const child = backup?.children["child.child-2"]?.getSnapshot() as { value: unknown };
    assert.deepEqual(child.value, { negotiating: "listening" });
    const before = made.lists();
    for (let second = 0; second < 60; second++) await made.wait(1_000);
    assert.equal(made.lists(), before);
  });

  it("move only the gateways of declared children", async () => {
    const made = await harness(twoChildren);
    await made.list("main", ikeSa({ children: sasOf(0, 2) }));
    await made.send({ type: "move", path: "backup" });
    const ending = made.calls.hold("terminate");
    await made.send({ type: "spec.changed", connection: connectionOf(two) });
    await made.list("backup", viaBackup());
    assert.equal(made.snapshot().context.active, "backup");
    const gatewayOf = (key: string) => gatewaySnapshotOf(made.snapshot(), key)?.context.tunnels;
    assert.deepEqual(gatewayOf("child-2"), [derived, 102]);
    assert.deepEqual(
      gatewayOf("child-3"),
      ifIds.map(([, ifId]) => ifId),
    );
    ending.resolve();
  });
});
