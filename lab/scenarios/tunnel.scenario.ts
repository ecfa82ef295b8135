import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { inNetns, ip } from "../sites/shell.ts";
import { answered, noneLost, pings } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

const v6Child = {
  name: "six",
  local_ips: ["fd00:a0:6::/64"],
  remote_ips: ["fd00:a1::/64"],
  xfrm_ip: "fd00:a0:6::1/64",
  vxlan_ip: "fd00:a0:6::2/64",
  if_id: 106,
  ip_pools: { primary: ["fd00:a0:6::10/64", "fd00:a0:6::11/64"] },
  extra: { esp_proposals: "aes256gcm16-ecp256" },
};

describe("a tunnel from two YAML files", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const first = connectionSpec("first", {
    children: { "child-2": childSpec(2), "child-3": childSpec(3, { name: "other-name" }) },
  });
  const second = connectionSpec("second", {
    remoteAddr: sites.peer.v6,
    localAddr: sites.node.v6,
    children: { "child-4": childSpec(4), six: v6Child },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(first);
    await lab.mirror(second);
    for (const netns of ["app2", "app3", "app4", "app6"]) ip(`netns add ${netns}`);
  });
  after(() => resources.disposeAsync());

  it("is established with all connections and children", async () => {
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk, second: `${psk}\n` })));
    lab.ipman.apply("tunnels.yaml", yaml(first, second));
    await lab.ipman.start();
    await lab.ipman.ready("first");
    await lab.ipman.ready("second");
  });

  for (const [netns, connection, child, address, remote] of [
    ["app2", "first", "child-2", "10.0.2.3/24", "10.1.2.1"],
    ["app3", "first", "other-name", "10.0.3.3/24", "10.1.3.1"],
    ["app4", "second", "child-4", "10.0.4.3/24", "10.1.4.1"],
    ["app6", "second", "six", "fd00:a0:6::10/64", "fd00:a1::1"],
  ] as const) {
    it(`carries packets of ${connection}/${child} both ways`, () => {
      assert.equal(lab.ipman.attach(netns, connection, child), address);
      assert.equal(lab.ipman.attach(netns, connection, child), address, "a second time");
      assert.deepEqual(pings(netns, 20, remote), noneLost(20));
      const [own = ""] = address.split("/");
      assert.deepEqual(pings("peer", 5, own, "-I", remote), noneLost(5));
    });
  }

  it("keeps the children's networks apart", () => {
    assert.throws(() => answered("app2", "10.1.3.1", "-c", "1"), /unreachable/);
  });

  // Over a path of 1500 bytes; src/model/network/mtu.test.ts has the whole table.
  for (const [netns, remote, mtu, headers] of [
    ["app2", "10.1.2.1", 1438, 28],
    ["app4", "10.1.4.1", 1406, 28],
    ["app6", "fd00:a1::1", 1426, 48],
  ] as const) {
    it(`passes ${mtu} bytes to ${remote}, and answers larger packets with "too big"`, () => {
      const fits = String(mtu - headers);
      const tooBig = String(mtu - headers + 1);
      assert.equal(answered(netns, remote, "-c", "2", "-M", "do", "-s", fits), 2);
      assert.throws(
        () => inNetns(netns, `ping -n -c 1 -W 1 -M do -s ${tooBig} ${remote}`),
        /too long|too big|Frag needed|mtu/i,
      );
    });
  }
});
