import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import type { CharonVersion } from "../../src/model/charon/proposals/charon-version.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const hybrid = "aes256-sha256-x25519-ke1_mlkem768";

async function declared(version: CharonVersion, proposals: string): Promise<World> {
  const manifest = connectionSpec("site", { extra: { proposals } });
  const world = new World([secret({ site: psk }), manifest].map(resourceOf), { version });
  await world.start();
  return world;
}

const shownIn = (world: World) => statusOf(world.supervisor).connections[0];

describe("a connection with an algorithm that its charon does not have", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("is not loaded, with the reason AlgorithmUnsupported", async () => {
    await using world = await declared("5.9.8", hybrid);
    await pass(120_000);
    const { reason, message = "" } = shownIn(world)?.failure ?? {};
    assert.equal(reason, "AlgorithmUnsupported");
    assert.match(message, /^charon 5\.9\.8 has no ke1_mlkem768/);
    assert.equal(world.charon.asked.get("load-conn") ?? 0, 0);
    assert.equal(world.charon.asked.get("initiate") ?? 0, 0);
  });

  it("is established by another proposal, and its status names the one that is left out", async () => {
    await using world = await declared("5.9.8", `${hybrid}, aes256-sha256-ecp256`);
    await pass(2_000);
    const shown = shownIn(world);
    assert.equal(shown?.state, "established");
    assert.deepEqual(world.charon.conns.get("site")?.["proposals"], ["aes256-sha256-ecp256"]);
    const charonReady = shown.conditions.find(({ type }) => type === "CharonReady");
    assert.equal(charonReady?.status, "True");
    assert.match(charonReady.message, /5\.9\.8 does not offer "aes256-sha256-x25519-ke1_mlkem768"/);
  });

  it("is loaded once a charon that has the algorithm took its place", async () => {
    await using world = await declared("5.9.8", hybrid);
    await pass(2_000);
    await world.stopCharon();
    await world.startCharon({ version: "6.1.0" });
    await pass(5_000);
    assert.equal(shownIn(world)?.state, "established");
  });
});
