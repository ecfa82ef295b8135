import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectionSpec } from "../sites/manifests.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { answered } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

const withinMs = 2_000;

describe("a gateway that another program changes", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const cr = connectionSpec("first");

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(cr);
  });
  after(() => resources.disposeAsync());

  const inGateway = (words: string) => inNetns("ipman-102", words);

  for (const [what, breaking] of [
    ["deletes the xfrm interface", () => inGateway("ip link del xfrm102")],
    ["deletes the VXLAN device", () => inGateway("ip link del vxlan102")],
    ["deletes the xfrm interface's address", () => inGateway("ip addr flush dev xfrm102")],
    ["deletes the route to the peer's network", () => inGateway("ip route del 10.1.2.0/24")],
    ["deletes the route to the worker", () => inGateway("ip route del 10.0.2.3")],
    [
      "deletes the FDB entries",
      () => {
        const entries = inGateway("bridge fdb show dev vxlan102").trim().split("\n");
        for (const entry of entries) {
          const [mac = "", , vtep] = entry.split(" ");
          if (entry.includes("permanent"))
            inGateway(`bridge fdb del ${mac} dst ${vtep} dev vxlan102`);
        }
      },
    ],
    ["sets the xfrm interface down", () => inGateway("ip link set xfrm102 down")],
    ["deletes the gateway's namespace", () => ip("netns del ipman-102")],
  ] as const) {
    it(`carries traffic again within ${withinMs} ms after another program ${what}`, async () => {
      assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1, "before");
      breaking();
      const since = performance.now();
      await eventually(() => {
        assert.equal(answered("app", "10.1.2.1", "-c", "1", "-W", "0.05"), 1);
      }, withinMs);
      assert.ok(performance.now() - since < withinMs + 500);
      await lab.ipman.ready("first");
    });
  }

  it("assigns a deleted workload's address again", async () => {
    ip("netns add short");
    assert.equal(lab.ipman.attach("short", "first", "child-2"), "10.0.2.4/24");
    ip("netns del short");
    await lab.ipman.until((status) => status.connections[0]?.children[0]?.workers.length === 1);
    ip("netns add next");
    assert.equal(lab.ipman.attach("next", "first", "child-2"), "10.0.2.4/24");
  });
});
