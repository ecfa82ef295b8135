import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { resourceOf, World } from "../simulator/world.ts";

const resources = [
  resourceOf(secret({ partner: "a key" })),
  resourceOf(connectionSpec("partner", {})),
];

async function seriesOf(world: World): Promise<Map<string, number>> {
  const lines = (await world.metrics.text())
    .split("\n")
    .filter((line) => line.startsWith("ipman_"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Waits until each of these series has its value. */
async function shows(world: World, expected: Readonly<Record<string, number>>): Promise<void> {
  await eventually(async () => {
    const series = await seriesOf(world);
    for (const [name, value] of Object.entries(expected))
      assert.equal(series.get(name), value, name);
  }, 5_000);
}

async function started(): Promise<World> {
  const world = new World(resources);
  world.observe();
  await world.start();
  return world;
}

describe("the metrics of actors", () => {
  it("show the states of each chart's actors, and their transitions", async () => {
    await using world = await started();
    await shows(world, {
      'ipman_actors{machine="connection",state="established"}': 1,
      'ipman_actors{machine="connection",state="failed"}': 0,
      'ipman_actors{machine="child",state="established"}': 1,
      'ipman_actors{machine="gateway",state="ready"}': 1,
      'ipman_actors{machine="charon",state="ready"}': 1,
      'ipman_transitions_total{machine="child",from="negotiating",to="established"}': 1,
      'ipman_state_seconds_count{machine="child",state="negotiating"}': 1,
      'ipman_negotiation_seconds_count{outcome="established"}': 1,
      ipman_resynchronisations_total: 1,
    });
    const series = await seriesOf(world);
    const waits = [...series].filter(([name]) =>
      name.startsWith("ipman_work_queue_wait_seconds_count"),
    );
    assert.ok(waits.some(([, count]) => count > 0));
  });

  it("count a negotiation that the peer refuses as failed", async () => {
    await using world = await started();
    await shows(world, { 'ipman_actors{machine="child",state="established"}': 1 });
    world.behaviours.set("partner", "wrong key");
    world.charon.peerCloses("partner");
    await shows(world, {
      'ipman_actors{machine="child",state="failed"}': 1,
      'ipman_negotiation_seconds_count{outcome="failed"}': 1,
      'ipman_negotiation_seconds_count{outcome="established"}': 1,
    });
  });

  it("count each resynchronisation with charon's SAs", async () => {
    await using world = await started();
    await shows(world, { ipman_resynchronisations_total: 1 });
    await world.stopCharon();
    await shows(world, { 'ipman_actors{machine="charon",state="ready"}': 0 });
    await world.startCharon();
    await shows(world, { ipman_resynchronisations_total: 2 });
  });

  it("do not include actors that have ended", async () => {
    await using world = await started();
    await shows(world, { 'ipman_actors{machine="child",state="established"}': 1 });
    world.declare([]);
    await shows(world, {
      'ipman_actors{machine="connection",state="established"}': 0,
      'ipman_actors{machine="child",state="established"}': 0,
      'ipman_actors{machine="gateway",state="ready"}': 0,
    });
  });
});
