import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

describe("a child whose addresses are translated", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("shows its translation in the status, and the networks as workers know them", async () => {
    const net = childSpec(2, {
      name: "net",
      local_ips: ["192.168.77.0/24"],
      remote_ips: ["10.1.2.0/24"],
      ip_pools: { primary: ["10.0.2.10"] },
      nat: { source: { networks: [{ local: "10.0.2.0/24", seen: "192.168.77.0/24" }] } },
    });
    const plain = childSpec(3, { name: "plain", remote_ips: ["10.1.3.0/24"] });
    const resources = [
      secret({ site: psk }),
      connectionSpec("site", { children: { net, plain } }),
    ].map(resourceOf);
    await using world = new World(resources, { latencyMs: 20 });
    await world.start();
    await pass(5_000);
    const [connection] = statusOf(world.supervisor).connections;
    const [translated, other] = connection?.children ?? [];
    assert.deepEqual(translated?.nat, ["the partner sees 10.0.2.0/24 as 192.168.77.0/24"]);
    assert.equal(translated.knownSelectors, "10.0.2.0/24 with 10.1.2.0/24");
    assert.ok(other !== undefined && !("nat" in other) && !("knownSelectors" in other));
  });
});
