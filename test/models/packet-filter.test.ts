import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { NftError } from "../../src/adapters/nftables/libnftables.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { obedientNetwork } from "../simulator/placement.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

/** A kernel that refuses the packet filter of one connection's gateway until the test ends that. */
function lacking() {
  const kernel = { isLacking: true, passes: 0 };
  const network: typeof obedientNetwork = {
    ...obedientNetwork,
    apply: ({ connection: { id } }) => {
      if (id !== "site") return { repaired: false };
      kernel.passes++;
      if (!kernel.isLacking) return { repaired: true };
      throw new NftError("load libnftables.so.1", "install libnftables1", { code: "UNAVAILABLE" });
    },
  };
  return { kernel, network };
}

function conditionsIn(world: World, id: string) {
  const connection = statusOf(world.supervisor).connections.find((one) => one.id === id);
  const status = (type: string) => connection?.conditions.find((one) => one.type === type);
  return { gateway: status("GatewayReady"), ready: status("Ready") };
}

describe("a packet filter that cannot be set", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("is reported by its connections only, retried with growing pauses, and set once that succeeds", async () => {
    const { kernel, network } = lacking();
    const other = childSpec(3);
    const resources = [
      secret({ site: psk, other: psk }),
      connectionSpec("site"),
      connectionSpec("other", { remoteId: "other", children: { "child-3": other } }),
    ].map(resourceOf);
    await using world = new World(resources, { latencyMs: 20 }, { network });
    await world.start();
    await pass(60_000);
    const { gateway, ready } = conditionsIn(world, "site");
    assert.equal(gateway?.status, "False");
    assert.equal(gateway.reason, "PacketFilterUnavailable");
    assert.match(gateway.message, /install libnftables1/);
    assert.equal(ready?.status, "False");
    assert.equal(conditionsIn(world, "other").gateway?.status, "True");
    assert.ok(kernel.passes > 3 && kernel.passes < 15, `${kernel.passes} passes in a minute`);
    kernel.isLacking = false;
    await pass(31_000);
    assert.equal(conditionsIn(world, "site").gateway?.status, "True");
  });
});
