import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Fabric, fabricUplink } from "../../src/adapters/host/fabric.ts";
import { applyPlan } from "../../src/adapters/network/apply-plan.ts";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import type { Child, Connection } from "../../src/model/api/connection.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { parsePrefix, type Prefix } from "../../src/model/net/prefix.ts";
import { workerSecrets } from "../../src/model/network/segment.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { workerPlan } from "../../src/model/network/worker-plan.ts";
import { childSpec, connectionSpec } from "../sites/manifests.ts";
import { inNetns, ip } from "../sites/shell.ts";

const address = (text: string) => parseAddress(text) as Address;
const prefix = (text: string) => parsePrefix(text) as Prefix;

describe("the fabric of a host", () => {
  const fabric = new Fabric(prefix("198.18.0.0/16"));
  const underlay = address("198.18.0.3");
  const key = new SegmentKey(Buffer.alloc(32, 7));
  let connection: Connection;

  before(() => {
    const children = { "child-2": childSpec(2), "child-3": childSpec(3) };
    const parsed = connectionFromCr(connectionSpec("partner", { children }));
    assert.ok(parsed.ok);
    connection = parsed.value;
    ip("netns add app");
    inNetns("app", "nft add table inet ipman_of_another");
    inNetns("app", "nft add table ip ipman_vxlan102");
    ip("-n app link add vxlan7 type vxlan id 7 dstport 4789 dev lo");
  });
  after(() => {
    fabric.remove();
    ip("netns del app");
  });

  const attach = (child: Child) => {
    const place = { address: prefix("10.0.2.3/24"), reservation: "1" };
    const secrets = workerSecrets(key, connection, child, place);
    const plan = workerPlan({
      connection,
      child,
      underlay,
      vxlanPort: 7789,
      tunnelMtu: 1_400,
      worker: { address: place.address, ...secrets },
      gatewayUnderlay: address("198.18.0.2"),
      device: fabricUplink.device,
      deviceMtu: fabricUplink.mtu,
      ownRoutes: () => [],
    });
    applyPlan({ namespace: netnsPath("app") }, plan);
  };

  it("removes its segments from a namespace that it unplugs, and nothing else", () => {
    const stateText = () =>
      ["ip -o link", "ip route", "ip neigh", "bridge fdb", "nft list ruleset"]
        .map((command) => inNetns("app", command).replaceAll(/@NONE.*/g, ""))
        .join("\n");
    ip("-n app link set lo up");
    const before = stateText();
    fabric.plug(netnsPath("app"), underlay);
    for (const child of connection.children) attach(child);
    assert.match(stateText(), /table inet ipman_vxlan103/);
    fabric.unplug(netnsPath("app"));
    assert.equal(stateText(), before);
  });

  it("detaches a namespace from a segment that it has left, and from no other", () => {
    fabric.plug(netnsPath("app"), underlay);
    for (const child of connection.children) attach(child);
    fabric.endOtherSegments(netnsPath("app"), new Set(["vxlan103"]));
    const texts = ["ip -o link", "ip route", "nft list ruleset"].map((command) =>
      inNetns("app", command),
    );
    assert.doesNotMatch(texts.join("\n"), /vxlan102:|dev vxlan102|inet ipman_vxlan102/);
    assert.match(texts.join("\n"), /ipman_vxlan103/);
    fabric.unplug(netnsPath("app"));
  });

  it("unplugs a namespace that was never plugged, or that no longer exists", () => {
    assert.doesNotThrow(() => fabric.unplug(netnsPath("app")));
    assert.doesNotThrow(() => fabric.unplug(netnsPath("gone")));
  });
});
