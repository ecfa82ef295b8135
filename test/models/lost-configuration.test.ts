import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { freeTimes } from "../../src/machines/common/recurrence.ts";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { compareMs } from "../../src/runtime/charon/lost-connections.ts";
import { conditionsOf } from "../../src/runtime/conditions/conditions.ts";
import { rootOf } from "../../src/runtime/connections/root-of.ts";
import { checkDeclared } from "../../src/runtime/diagnosis/declared.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { harness } from "./path-harness.ts";
import { ikeSa, pass, settled } from "./fixtures.ts";

describe("a connection that charon lost", () => {
  async function established() {
    const made = harness();
    await made.start();
    await made.list(ikeSa());
    const lose = () => made.send({ type: "configuration.lost" });
    const pass = async (milliseconds: number) => {
      made.clock.increment(milliseconds);
      await settled();
      await settled();
    };
    return { ...made, lose, pass };
  }

  it("is loaded again at once, and its SAs stay", async () => {
    const { calls, lose, snapshot } = await established();
    const held = calls.hold("load");
    await lose();
    assert.deepEqual(snapshot().value, { restoring: "loading" });
    assert.ok(snapshot().hasTag("established"));
    assert.equal(snapshot().context.failure?.reason, Reason.ConfigurationLost);
    held.resolve();
    await settled();
    await settled();
    assert.equal(snapshot().value, "established");
    assert.equal(snapshot().context.failure, undefined);
    assert.equal(calls.count("load"), 2);
    assert.equal(calls.count("terminateIke"), 1, "after the first load, without any SA");
    assert.equal(calls.count("terminate"), 0);
  });

  it("is loaded again after a pause if another program unloads it again and again", async () => {
    const { calls, lose, pass, snapshot } = await established();
    for (let i = 0; i < freeTimes; i++) await lose();
    assert.equal(calls.count("load"), 1 + freeTimes);
    await lose();
    assert.deepEqual(snapshot().value, { restoring: "pausing" });
    assert.equal(snapshot().context.failure?.reason, Reason.LoopDetected);
    assert.match(snapshot().context.failure?.message ?? "", /another program removes or replaces/);
    await lose();
    assert.equal(calls.count("load"), 1 + freeTimes);
    await pass(4_000);
    assert.equal(calls.count("load"), 2 + freeTimes);
    assert.equal(snapshot().value, "established");
  });

  it("is loaded again with a backoff while charon does not accept it", async () => {
    const { calls, lose, pass, snapshot } = await established();
    calls.fail("load", failure(Reason.CharonUnavailable, "busy"));
    await lose();
    assert.deepEqual(snapshot().value, { restoring: "pausing" });
    assert.equal(snapshot().context.failure?.reason, Reason.CharonUnavailable);
    await pass(500);
    assert.equal(snapshot().value, "established");
  });

  it("fails if its IKE SA ends meanwhile, and is loaded after the pause", async () => {
    const { calls, list, lose, pass, snapshot } = await established();
    calls.fail("load", failure(Reason.CharonUnavailable, "busy"));
    await lose();
    await list();
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    await pass(1_000);
    assert.equal(snapshot().value, "negotiating");
    assert.equal(calls.count("load"), 3);
  });

  it("fails for a moment if it has no IKE SA", async () => {
    const { calls, list, lose, pass, snapshot } = await established();
    await list();
    await lose();
    assert.deepEqual(snapshot().value, { failed: "retrying" });
    assert.equal(snapshot().context.failure?.reason, Reason.ConfigurationLost);
    await pass(500);
    assert.equal(snapshot().value, "negotiating");
    assert.equal(calls.count("load"), 2);
  });

  it("is ready, with a condition that says why it differs", () => {
    const child = { key: "net", state: "established", gateway: "ready" } as const;
    const up = {
      failure: undefined,
      reachability: undefined,
      traffic: undefined,
      unrouted: undefined,
    };
    const conditions = conditionsOf({
      state: "established",
      failure: failure(Reason.ConfigurationLost, "another program removed it"),
      children: [{ ...child, ...up }],
      problems: [],
      hasSecret: true,
      keyFailure: undefined,
      secretTrouble: undefined,
      charonReady: true,
    });
    const statusOfType = (type: string) => conditions.find((one) => one.type === type);
    assert.equal(statusOfType("Ready")?.status, "True");
    assert.equal(statusOfType("Differs")?.reason, Reason.ConfigurationLost);
  });

  it("is not loaded without a key", async () => {
    const { calls, lose, send, snapshot } = await established();
    await send({ type: "secret.missing", unreadable: true });
    await lose();
    assert.equal(snapshot().value, "established");
    assert.equal(calls.count("load"), 1);
  });
});

describe("another program that changes the connections of charon", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** Passes time in slices, between which sockets get their turn. */
  async function up(): Promise<World> {
    const other = connectionSpec("other", { children: { "child-3": childSpec(3) } });
    const resources = [secret({ site: psk, other: psk }), connectionSpec("site"), other];
    const world = new World(resources.map(resourceOf), { latencyMs: 20 });
    await world.start();
    await pass(2_000);
    return world;
  }

  const asked = ({ charon: { asked: all } }: World, ...commands: string[]) =>
    Object.fromEntries(commands.map((command) => [command, all.get(command) ?? 0]));
  const idsOf = ({ charon }: World) => charon.ikes.map(({ uniqueId }) => uniqueId);
  const states = (world: World) => {
    return statusOf(world.supervisor).connections.map(({ state }) => state);
  };

  it("and unloads one: only that one is loaded again, and no SA ends", async () => {
    await using world = await up();
    const before = asked(world, "load-conn", "terminate", "initiate");
    const ids = idsOf(world);
    world.charon.conns.delete("site");
    await pass(compareMs + 1_000);
    assert.ok(world.charon.conns.has("site"));
    assert.deepEqual(asked(world, "load-conn", "terminate", "initiate"), {
      ...before,
      "load-conn": 3,
    });
    assert.deepEqual(idsOf(world), ids);
    assert.deepEqual(states(world), ["established", "established"]);
    const [found, ...others] = ["site", "other"].flatMap((id) =>
      checkDeclared(world.supervisor, rootOf(world.supervisor, id)).filter(
        ({ check }) => check === "configuration",
      ),
    );
    assert.deepEqual(others, []);
    assert.equal(found?.verdict, "note");
    assert.match(found.message, /another program removes .*; ipman loaded it again/);
  });

  it("and clears the keys: they are loaded again, and no connection is", async () => {
    await using world = await up();
    world.charon.keys.clear();
    await pass(compareMs + 1_000);
    assert.deepEqual([...world.charon.keys.keys()].toSorted(), ["ipman:other", "ipman:site"]);
    assert.deepEqual(asked(world, "load-conn", "terminate"), { "load-conn": 2, terminate: 0 });
  });

  it("and replaces one: ours is loaded again, and no SA ends", async () => {
    await using world = await up();
    const ids = idsOf(world);
    const { children: _, ...rest } = world.charon.conns.get("site") ?? {};
    world.charon.conns.set("site", { ...rest, remote_addrs: ["192.0.2.99"], children: {} });
    await pass(compareMs + 1_000);
    const loaded = world.charon.conns.get("site");
    assert.deepEqual(Object.keys(loaded?.["children"] ?? {}), ["child-2"]);
    assert.deepEqual(idsOf(world), ids);
  });

  it("and unloads one whose SA ends at once: it comes up again, without a wait for the comparison", async () => {
    await using world = await up();
    world.charon.conns.delete("site");
    world.charon.peerCloses("site");
    await pass(3_000);
    assert.deepEqual(states(world), ["established", "established"]);
    assert.equal(world.charon.ikes.length, 2);
  });

  it("costs two short requests and the content of a few connections each time", async () => {
    await using world = await up();
    const before = asked(world, "get-conns", "get-shared", "list-conns", "load-conn");
    await pass(10 * compareMs);
    const made = asked(world, "get-conns", "get-shared", "list-conns", "load-conn");
    for (const command of ["get-conns", "get-shared"] as const)
      assert.equal((made[command] ?? 0) - (before[command] ?? 0), 10);
    assert.equal((made["list-conns"] ?? 0) - (before["list-conns"] ?? 0), 20);
    assert.equal(made["load-conn"], before["load-conn"]);
  });
});
