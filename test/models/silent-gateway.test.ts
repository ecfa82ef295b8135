import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import type { CharonVersion } from "../../src/model/charon/proposals/charon-version.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const paths = [
  { name: "main" },
  { name: "backup", remoteAddr: "192.0.2.9", remoteId: "peer.second" },
];

const worldOf = (version: CharonVersion, changes: object = {}) =>
  new World(
    [secret({ site: psk }), connectionSpec("site", { paths, ...changes })].map(resourceOf),
    {
      version,
      retransmitMs: 1_000,
    },
  );

const contextOf = ({ supervisor }: World) => supervisor.roots.get("site")?.getSnapshot().context;

/** Waits until both paths are up and the log of charon is not followed any more. */
async function settled(world: World): Promise<void> {
  await world.start();
  await pass(10_000);
  assert.deepEqual(contextOf(world)?.choice.ready, ["main", "backup"]);
}

describe("a connection with two gateways and no probe", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  for (const version of ["5.9.8", "6.1.0"] as const) {
    it(`takes the other gateway two retransmissions after the active one is lost (${version})`, async () => {
      await using world = worldOf(version);
      await settled(world);
      world.charon.peerStops("site");
      await pass(1_900);
      assert.equal(contextOf(world)?.active, "main");
      await pass(300);
      const { from, to, cause } = contextOf(world)?.choice.switched ?? {};
      assert.deepEqual([from, to, cause], ["main", "backup", "unreachable"]);
    });

    it(`stays if the other gateway does not take over before it answers again (${version})`, async () => {
      await using world = worldOf(version);
      await settled(world);
      world.charon.peerStops("site/backup");
      await pass(2_500);
      assert.equal(contextOf(world)?.dialled, undefined);
      world.charon.peerCloses("site/backup");
      world.behaviours.set("site/backup", "silent");
      world.charon.peerStops("site");
      await pass(2_500);
      assert.equal(contextOf(world)?.dialled, "backup");
      world.charon.peerResumes("site");
      await pass(300);
      const { active, dialled } = contextOf(world) ?? {};
      assert.deepEqual([active, dialled], ["main", undefined]);
    });
  }

  it("takes the other gateway as often as the active one is lost", async () => {
    await using world = worldOf("6.1.0", { failover: { failback: "never" } });
    await settled(world);
    const active: unknown[] = [];
    for (let loss = 0; loss < 6; loss++) {
      world.charon.peerStops(loss % 2 === 0 ? "site" : "site/backup");
      await pass(4_000);
      active.push(contextOf(world)?.active);
      await pass(16_000);
    }
    assert.deepEqual(active, ["backup", "main", "backup", "main", "backup", "main"]);
  });
});
