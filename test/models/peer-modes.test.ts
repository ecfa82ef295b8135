import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import type { Supervisor } from "../../src/runtime/supervisor/supervisor.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import type { Behaviour } from "../simulator/charon/behaviour.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const networks = ["10.1.2.0/24", "10.7.0.0/24", "10.8.0.0/24"];

const resourcesOf = (changes: object = {}) => {
  const child = childSpec(2, { remote_ips: networks, ...changes });
  const site = connectionSpec("site", { children: { "child-2": child } });
  return [secret({ site: psk }), site].map(resourceOf);
};

async function declared(behaviour: Behaviour, changes: object = {}): Promise<World> {
  const world = new World(resourcesOf(changes), { latencyMs: 20, retransmitMs: 500 });
  world.behaviours.set("site", behaviour);
  await world.start();
  return world;
}

const installed = ({ charon }: World) =>
  charon.ikes.flatMap(({ children }) => children.map(({ name }) => name)).toSorted();

const pairs = networks.map((network) => `child-2#10.0.2.0/24=${network}`);

const asked = ({ charon }: World) => ({
  initiate: charon.asked.get("initiate") ?? 0,
  terminate: charon.asked.get("terminate") ?? 0,
});

function childIn(supervisor: Supervisor) {
  const [connection] = statusOf(supervisor).connections;
  const differs = connection?.conditions.find(({ type }) => type === "Differs");
  return { state: connection?.children[0]?.state, differs: differs?.status };
}

describe("a child whose manifest leaves open how many CHILD SAs it has", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("has one CHILD SA if the peer accepts all networks", async () => {
    await using world = await declared("answers");
    await pass(10_000);
    assert.deepEqual(installed(world), ["child-2"]);
    assert.deepEqual(asked(world), { initiate: 1, terminate: 0 });
  });

  for (const behaviour of ["narrows", "requires pairs"] as const) {
    it(`has a CHILD SA for each pair if the peer ${behaviour}`, async () => {
      await using world = await declared(behaviour);
      await pass(10_000);
      assert.deepEqual(installed(world), pairs);
      assert.equal(asked(world).initiate, 4);
      assert.deepEqual(childIn(world.supervisor), { state: "established", differs: undefined });
    });
  }

  it("keeps its narrowed CHILD SA if the peer has no other network", async () => {
    await using world = await declared("one network");
    await pass(60_000);
    assert.deepEqual(installed(world), ["child-2"]);
    assert.equal(asked(world).initiate, 5);
    assert.deepEqual(childIn(world.supervisor), { state: "established", differs: "True" });
  });

  it("keeps its pairs if the peer has more than one of them, and the status names the others", async () => {
    await using world = await declared("narrows");
    await pass(5_000);
    world.behaviours.set("site", "no selectors");
    world.charon.peerCloses("site", pairs[2] ?? "");
    await pass(30_000);
    assert.deepEqual(installed(world), pairs.slice(0, 2));
    const [connection] = statusOf(world.supervisor).connections;
    const [child] = connection?.children ?? [];
    assert.equal(child?.failure?.reason, "TrafficSelectorsRefused");
    assert.match(child.failure.message, /^10.0.2.0\/24 to 10.8.0.0\/24: /);
  });

  for (const behaviour of ["narrows", "one network"] as const) {
    it(`keeps the SAs of the previous process if the peer's behaviour is: ${behaviour}`, async () => {
      await using world = await declared(behaviour);
      await pass(60_000);
      const [before, had] = [asked(world), installed(world)];
      using next = world.nextProcess();
      await pass(60_000);
      assert.deepEqual(asked(world), before);
      assert.deepEqual(installed(world), had);
      assert.equal(childIn(next).state, "established");
    });
  }

  it("keeps the pairs of a manifest that declared them", async () => {
    await using world = await declared("narrows", { selectorMode: "perPair" });
    await pass(5_000);
    const before = asked(world);
    world.declare(resourcesOf());
    await pass(5_000);
    assert.deepEqual(installed(world), pairs);
    assert.deepEqual(asked(world), before);
  });

  it("begins with one CHILD SA again if all its networks change", async () => {
    await using world = await declared("narrows");
    await pass(5_000);
    world.behaviours.set("site", "answers");
    world.declare(resourcesOf({ remote_ips: ["10.1.9.0/24", "10.7.9.0/24"] }));
    await pass(5_000);
    assert.deepEqual(installed(world), ["child-2"]);
  });

  it("has one CHILD SA again once the manifest says together", async () => {
    await using world = await declared("narrows");
    await pass(5_000);
    world.declare(resourcesOf({ selectorMode: "together" }));
    await pass(5_000);
    assert.deepEqual(installed(world), ["child-2"]);
  });

  it("has one CHILD SA whatever the peer accepts if the manifest says together", async () => {
    await using world = await declared("narrows", { selectorMode: "together" });
    await pass(10_000);
    assert.deepEqual(installed(world), ["child-2"]);
    assert.deepEqual(childIn(world.supervisor), { state: "established", differs: "True" });
  });
});
