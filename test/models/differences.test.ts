import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { readinessText } from "../../src/runtime/metrics/readiness-series.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import type { Behaviour } from "../simulator/charon/behaviour.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

async function declared(changes: object, behaviour: Behaviour = "answers"): Promise<World> {
  const resources = [secret({ site: psk }), connectionSpec("site", changes)].map(resourceOf);
  const world = new World(resources, { latencyMs: 20, retransmitMs: 500 });
  world.behaviours.set("site", behaviour);
  await world.start();
  return world;
}

const asked = (world: World) => ({
  initiate: world.charon.asked.get("initiate") ?? 0,
  // Without an SA to terminate no command is sent.
  terminate: world.charon.asked.get("terminate") ?? 0,
});

function statusIn(world: World) {
  const [connection] = statusOf(world.supervisor).connections;
  assert.ok(connection);
  const differs = connection.conditions.find(({ type }) => type === "Differs");
  const ready = connection.conditions.find(({ type }) => type === "Ready");
  return { connection, differs, ready: ready?.status };
}

const networks = ["10.1.2.0/24", "10.7.0.0/24"];
const two = {
  children: { "child-2": childSpec(2, { remote_ips: networks, selectorMode: "together" }) },
};

describe("the SA of a child", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("is kept if the peer narrows it, and a condition names the network that is left out", async () => {
    await using world = await declared(two, "narrows");
    await pass(10_000);
    assert.deepEqual(asked(world), { initiate: 1, terminate: 0 });
    const { connection, differs, ready } = statusIn(world);
    assert.equal(connection.children[0]?.state, "established");
    assert.equal(ready, "True");
    assert.equal(differs?.reason, "SaDiffers");
    assert.match(differs.message, /remote_ips is declared as 10.1.2.0\/24, 10.7.0.0\/24/);
    assert.match(differs.message, /the peer left out 10.7.0.0\/24/);
    assert.match(readinessText([connection]), /^ipman_connection_differs\{.*\} 1$/m);
  });

  it("is not replaced again when the connection is loaded again, such as for another key", async () => {
    await using world = await declared(two, "narrows");
    await pass(5_000);
    world.declare([secret({ site: "another key" }), connectionSpec("site", two)].map(resourceOf));
    await pass(10_000);
    assert.deepEqual(asked(world), { initiate: 1, terminate: 0 });
    assert.equal(statusIn(world).differs?.status, "True");
  });

  it("is not replaced by the next process if the declaration is the same", async () => {
    await using world = await declared(two, "narrows");
    await pass(5_000);
    const before = asked(world);
    using next = world.nextProcess();
    await pass(10_000);
    assert.deepEqual(asked(world), before);
    const [connection] = statusOf(next).connections;
    const differs = connection?.conditions.find(({ type }) => type === "Differs");
    assert.match(differs?.message ?? "", /the peer left out 10.7.0.0\/24/);
  });

  it("matches the declaration again after the peer is corrected, and has no condition Differs", async () => {
    await using world = await declared(two, "narrows");
    await pass(5_000);
    world.behaviours.set("site", "answers");
    world.charon.peerCloses("site", "child-2");
    await pass(5_000);
    assert.deepEqual(asked(world), { initiate: 2, terminate: 0 });
    const { connection, differs } = statusIn(world);
    assert.equal(differs, undefined);
    assert.match(readinessText([connection]), /^ipman_connection_differs\{.*\} 0$/m);
  });

  for (const [localId, remoteId] of [
    ["@node.site", "@peer.site"],
    ["CN=node,O=site", "CN=peer,O=site"],
    ["fqdn:node.site", "%any"],
    ["email:a@node.site", "FD00:1::2"],
  ] as const) {
    it(`does not differ if the identities are written ${localId} and ${remoteId}`, async () => {
      await using world = await declared({ localId, remoteId });
      await pass(5_000);
      assert.deepEqual(asked(world), { initiate: 1, terminate: 0 });
      assert.equal(statusIn(world).connection.state, "established");
    });
  }

  it("does not differ if charon leaves out a network that is within another", async () => {
    const nested = {
      children: { "child-2": childSpec(2, { remote_ips: ["10.0.0.0/8", "10.20.0.0/16"] }) },
    };
    await using world = await declared(nested, "narrows");
    await pass(5_000);
    assert.deepEqual(asked(world), { initiate: 1, terminate: 0 });
  });
});

describe("a peer that closes each CHILD SA that it accepted", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("gets requests at growing intervals with a reason in the status, and without delay after five quiet minutes", async () => {
    await using world = await declared({}, "closes");
    await pass(240_000);
    const { initiate, terminate } = asked(world);
    assert.ok(initiate > 8 && initiate < 16, `${initiate} requests in four minutes`);
    assert.equal(terminate, 0);
    const [child] = statusIn(world).connection.children;
    assert.equal(child?.failure?.reason, "LoopDetected");
    assert.match(child.failure.message, /"closed" was entered more than 4 times/);
    world.behaviours.set("site", "answers");
    await pass(130_000);
    assert.equal(statusIn(world).ready, "True");
    // The count starts again after five quiet minutes.
    await pass(301_000);
    world.charon.peerCloses("site", "child-2");
    await pass(1_000);
    assert.equal(statusIn(world).ready, "True");
  });
});
