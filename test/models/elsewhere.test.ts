import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beatOf, stateElsewhere } from "../../src/machines/connection/elsewhere.ts";
import { gatewaySnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import type { ConnectionBeat, PathBeat } from "../../src/model/beats/beat.ts";
import { pathConnections } from "../../src/model/api/path.ts";
import { connectionActor } from "./connection-harness.ts";
import { childSa, childSpec, connectionOf, gateway, ikeSa } from "./fixtures.ts";

const children = { "child-2": childSpec(2), "child-3": childSpec(3) };
const divided = connectionOf({
  children,
  paths: [
    { name: "main", nodeName: "n1", standby: "cold" },
    { name: "backup", nodeName: "n2", standby: "cold" },
    { name: "third", nodeName: "n3", standby: "cold" },
  ],
});

const report = (path: string, changes: Partial<PathBeat> = {}): PathBeat => ({
  path,
  ready: false,
  up: false,
  failed: false,
  ...changes,
});

const beat = (changes: Partial<ConnectionBeat> = {}): ConnectionBeat => ({
  connection: "site",
  epoch: 1,
  active: "main",
  dialled: undefined,
  cause: "start",
  leading: true,
  leaving: false,
  paths: [report("main")],
  ...changes,
});

/** The agent of one path, after charon's list of SAs and the first report of the one that leads. */
async function agentOf(path: string | string[], first = beat()) {
  const here = [path].flat();
  const connection = { ...divided, here };
  const made = connectionActor(connection);
  const { actor, clock, rest, send, snapshot } = made;
  actor.start();
  const endpoints = new Map([["child-2", { gateway, workers: [] }]]);
  await send({ type: "endpoints.changed", endpoints });
  await send({ type: "sas.complete" });
  const hear = (group: string, heard: ConnectionBeat) =>
    send({ type: "beat.heard", group: `node:${group}`, beat: heard });
  await hear(here.includes("main") ? "n3" : "n1", first);
  const wait = async (milliseconds: number) => {
    clock.increment(milliseconds);
    await rest();
  };
  /** Sends the SAs of the path with these children. */
  const list = (...keys: readonly string[]) => {
    const byPath = pathConnections(connection)[0]?.connection;
    const ikeSas = ikeSa({
      connection: byPath?.name ?? "",
      children: (byPath?.children ?? [])
        .filter(({ key }) => keys.includes(key))
        .map(({ name, ifId }) =>
          childSa({
            name,
            ifId,
            uniqueId: String(ifId),
            localSelectors: [`10.0.${name.slice(-1)}.0/24`],
            remoteSelectors: [`10.1.${name.slice(-1)}.0/24`],
          }),
        ),
    });
    return send({ type: "sas.listed", path: here[0] ?? "", ikeSas: [ikeSas] });
  };
  const own = () => beatOf(snapshot().context)?.paths[0];
  const gatewayNow = () => gatewaySnapshotOf(snapshot(), "child-2")?.context;
  return { ...made, hear, wait, list, own, gatewayNow };
}

describe("a connection with a path elsewhere", () => {
  it("has its gateways ready and silent while another group leads", async () => {
    const { snapshot, gatewayNow, hear } = await agentOf("backup");
    assert.deepEqual([snapshot().context.active, snapshot().context.choice.epoch], ["main", 1]);
    assert.equal(gatewayNow()?.gateway?.id, gateway.id);
    assert.equal(gatewayNow()?.carries, false);
    await hear("n1", beat({ epoch: 2, active: "backup", cause: "lost" }));
    assert.equal(gatewayNow()?.carries, true);
    assert.equal(beatOf(snapshot().context)?.leading, true);
  });

  it("brings up its path when the agent that leads has it dialled", async () => {
    const { hear, calls, snapshot } = await agentOf("backup");
    assert.equal(calls.count("initiate"), 0);
    await hear("n1", beat({ dialled: "backup", cause: "move" }));
    assert.equal(calls.count("initiate"), 2);
    assert.deepEqual(calls.last("initiate"), {
      connectionName: "site/backup",
      names: ["child-3"],
    });
    assert.equal(beatOf(snapshot().context)?.leading, false);
  });

  it("reports its path as up with all children, or with some that stay alone for a second", async () => {
    const { list, own, wait } = await agentOf("backup", beat({ dialled: "backup", cause: "move" }));
    await list("child-2");
    assert.equal(own()?.up, false);
    await wait(900);
    assert.equal(own()?.up, false);
    await wait(100);
    assert.equal(own()?.up, true);
    await list();
    assert.equal(own()?.up, false);
    const other = await agentOf("backup", beat({ dialled: "backup", cause: "move" }));
    await other.list("child-2", "child-3");
    assert.equal(other.own()?.up, true);
  });

  it("takes the reports of an agent about its own paths alone", async () => {
    const { hear, snapshot } = await agentOf("backup");
    await hear(
      "n1",
      beat({ paths: [report("third", { up: true }), report("main", { up: true })] }),
    );
    assert.deepEqual(snapshot().context.choice.up, ["main"]);
    await hear("n4", beat({ epoch: 9, active: "third" }));
    assert.equal(snapshot().context.active, "main");
    await hear("n1", beat({ connection: "other", epoch: 9, active: "third" }));
    assert.equal(snapshot().context.active, "main");
  });

  it("forgets the reports of a group that is absent", async () => {
    const { hear, send, snapshot } = await agentOf("backup");
    await hear("n3", beat({ leading: false, paths: [report("third", { ready: true })] }));
    assert.deepEqual(snapshot().context.choice.ready, ["third"]);
    assert.equal(stateElsewhere(snapshot().context, "third"), "established");
    await send({ type: "group.absent", group: "node:n3" });
    assert.deepEqual(
      [snapshot().context.choice.ready, snapshot().context.choice.absent],
      [[], ["third"]],
    );
    assert.equal(stateElsewhere(snapshot().context, "third"), "pending");
    await hear("n3", beat({ leading: false, paths: [report("third", { ready: true })] }));
    assert.deepEqual(
      snapshot().context.choice.ready,
      [],
      "a report that comes before the presence",
    );
    await send({ type: "group.present", group: "node:n3" });
    assert.deepEqual(
      [snapshot().context.choice.ready, snapshot().context.choice.absent],
      [["third"], []],
    );
  });

  it("has the state of the active path elsewhere", async () => {
    const { hear, snapshot } = await agentOf("backup");
    assert.equal(snapshot().value, "negotiating");
    await hear("n1", beat({ paths: [report("main", { up: true, ready: true })] }));
    assert.equal(snapshot().value, "established");
    await hear("n1", beat({ paths: [report("main", { failed: true })] }));
    assert.equal(snapshot().value, "failed");
  });

  it("takes decisions while charon is lost, and dials nothing", async () => {
    const { hear, send, snapshot, gatewayNow, calls } = await agentOf("main");
    assert.equal(gatewayNow()?.carries, true);
    await send({ type: "charon.lost" });
    const initiated = calls.count("initiate");
    await hear("n2", beat({ epoch: 2, active: "backup", cause: "lost" }));
    assert.equal(gatewayNow()?.carries, false);
    assert.deepEqual([snapshot().context.active, snapshot().context.dials], ["backup", false]);
    assert.equal(calls.count("initiate"), initiated);
  });

  it("leads what its gateways still receive into the path that was active here last", async () => {
    const { hear, gatewayNow, snapshot } = await agentOf(
      ["main", "backup"],
      beat({ active: "backup" }),
    );
    const used = () => gatewayNow()?.tunnels[0];
    const before = used();
    await hear("n3", beat({ epoch: 2, active: "third", cause: "lost" }));
    assert.deepEqual([snapshot().context.via, used()], ["backup", before]);
    assert.notEqual(gatewayNow()?.tunnels[1], before);
    await hear("n3", beat({ epoch: 2, active: "third", dialled: "main", cause: "move" }));
    assert.deepEqual([snapshot().context.via, used()], ["main", 102]);
  });

  it("abandons a move when the other agent reports that its attempt failed", async () => {
    const { hear, send, snapshot } = await agentOf("main", beat({ epoch: 1 }));
    await send({ type: "path.carries", path: "main", children: ["child-2"] });
    const failed = (isFailed: boolean) =>
      hear("n2", beat({ leading: false, paths: [report("backup", { failed: isFailed })] }));
    await failed(true);
    await send({ type: "move", path: "backup" });
    await failed(false);
    assert.equal(snapshot().context.dialled, "backup");
    await failed(true);
    assert.deepEqual(
      [snapshot().context.dialled, snapshot().context.choice.cause],
      [undefined, "abandoned"],
    );
  });

  it("takes a decision about a path once that is declared here as well", async () => {
    const { hear, send, snapshot } = await agentOf("backup");
    await hear("n1", beat({ epoch: 4, active: "fourth" }));
    assert.equal(snapshot().context.active, "main");
    const paths = ["main", "fourth", "backup"].map((name) => ({
      name,
      nodeName: name === "backup" ? "n2" : "n1",
      ...(name === "fourth" && { remoteAddr: "192.0.2.4" }),
    }));
    const connection = { ...connectionOf({ children, paths }), here: ["backup"] };
    await send({ type: "spec.changed", connection });
    assert.deepEqual([snapshot().context.active, snapshot().context.choice.epoch], ["fourth", 4]);
  });

  it("does not report that it leads before the agents agree", async () => {
    const { actor, send, snapshot } = connectionActor(connectionOf({ children }));
    actor.start();
    assert.equal(beatOf(snapshot().context), undefined);
    await send({ type: "spec.changed", connection: { ...divided, here: ["main"] } });
    assert.deepEqual(
      [beatOf(snapshot().context)?.leading, snapshot().context.choice.epoch],
      [false, 0],
    );
  });

  it("does not judge a path elsewhere by its own probes", async () => {
    const { hear, send, snapshot } = await agentOf("backup");
    await hear("n1", beat({ paths: [report("main", { up: true, ready: true })] }));
    await send({ type: "probes.judged", answered: false });
    const failover = snapshot().children["failover"]?.getSnapshot() as {
      readonly context: { readonly silent: boolean };
    };
    assert.equal(failover.context.silent, false);
  });

  it("hears of a group again after its paths were declared elsewhere", async () => {
    const { send, snapshot } = await agentOf("backup");
    const moved = connectionOf({
      children,
      paths: [
        { name: "main", nodeName: "n3", standby: "cold" },
        { name: "backup", nodeName: "n2", standby: "cold" },
      ],
    });
    await send({ type: "spec.changed", connection: { ...moved, here: ["backup"] } });
    assert.deepEqual(Object.keys(snapshot().context.choice.groups), []);
  });
});
