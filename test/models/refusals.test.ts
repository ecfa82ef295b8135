import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import type { Reason } from "../../src/model/status/failure.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import type { Behaviour } from "../simulator/charon/behaviour.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

async function declared(behaviour: Behaviour, changes: object = {}): Promise<World> {
  const resources = [secret({ site: psk }), connectionSpec("site", changes)].map(resourceOf);
  const world = new World(resources, { latencyMs: 20 });
  world.behaviours.set("site", behaviour);
  await world.start();
  return world;
}

/** The failure that a person sees first: of the child, or else of the connection. */
function shownIn(world: World) {
  const [connection] = statusOf(world.supervisor).connections;
  return connection?.children[0]?.failure ?? connection?.failure;
}

describe("a negotiation that fails", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  const cases: readonly (readonly [Behaviour, Reason, RegExp, attemptsPerMinute: number])[] = [
    ["unresolved", "AddressUnresolved", /cannot resolve 192\.168\.1\.2/, 12],
    ["another group", "NoProposalChosen", /modp2048 into `proposals`/, 2],
    ["other selectors", "TrafficSelectorsRefused", /answered with other networks/, 2],
    ["hangs up", "PeerClosed", /the peer ended the IKE SA/, 12],
  ];
  for (const [behaviour, reason, message, attempts] of cases) {
    it(`shows ${reason} if the peer's behaviour is "${behaviour}", and tries seldom`, async () => {
      await using world = await declared(behaviour);
      await pass(60_000);
      assert.equal(shownIn(world)?.reason, reason);
      assert.match(shownIn(world)?.message ?? "", message);
      assert.ok((world.charon.asked.get("initiate") ?? 0) <= attempts, "few attempts");
      world.behaviours.set("site", "answers");
      await pass(80_000);
      assert.equal(statusOf(world.supervisor).connections[0]?.state, "established");
      assert.equal(shownIn(world), undefined);
    });
  }
});
