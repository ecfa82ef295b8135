import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { answered, noneLost, pings } from "../sites/pings.ts";
import { eventually, ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** The address of a network outside the tunnel, which only the workload's default route reaches. */
const outside = "203.0.113.9";

/** Selectors as AWS and every other route-based peer want them, with a probe. */
const routeBased = (changes: object) =>
  connectionSpec("cloud", {
    children: {
      "child-2": childSpec(2, {
        local_ips: ["0.0.0.0/0"],
        remote_ips: ["0.0.0.0/0"],
        probe: { address: "10.1.4.1", intervalSeconds: 1 },
        ...changes,
      }),
      six: childSpec(6, {
        name: "six",
        local_ips: ["::/0"],
        remote_ips: ["::/0"],
        routes: ["::/0"],
        xfrm_ip: "fd00:a0:6::1/64",
        vxlan_ip: "fd00:a0:6::2/64",
        ip_pools: { primary: ["fd00:a0:6::10/64"] },
      }),
    },
  });
const policyBased = connectionSpec("bank", {
  remoteAddr: sites.peer.other,
  children: { "child-3": childSpec(3) },
});

describe("the routes of a child", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    const cloud = routeBased({ routes: ["10.1.2.0/24"] });
    await lab.mirror(cloud, { child: { if_id_in: "77", if_id_out: "77" } });
    await lab.mirror(policyBased);
    // The peer decides by routes, too.
    ip("-n peer link add xfrm77 type xfrm dev wire0 if_id 77");
    ip("-n peer link set xfrm77 up");
    for (const network of ["10.0.2.0/24", "fd00:a0:6::/64"])
      ip(`-n peer route add ${network} dev xfrm77`);
    for (const netns of ["app", "app3", "app6", "lan"]) ip(`netns add ${netns}`);
    defaultRouteByLan();
    lab.ipman.apply("secret.yaml", yaml(secret({ cloud: psk, bank: psk })));
    lab.ipman.apply("bank.yaml", yaml(policyBased));
    lab.ipman.apply("cloud.yaml", yaml(cloud));
    await lab.ipman.start();
    await lab.ipman.ready("cloud");
    await lab.ipman.ready("bank");
    lab.ipman.attach("app", "cloud", "child-2");
    lab.ipman.attach("app3", "bank", "child-3");
  });
  after(() => resources.disposeAsync());

  const reaches = (address: string) => answered("app", address, "-c", "1");
  const keepsDefaultRoute = () =>
    assert.match(ip("-n app route show default"), /^default via 172\.31\.0\.1 dev eth0 *\n$/);
  const intoTunnel = () => ip("-n ipman-102 route show dev xfrm102");
  const spis = () =>
    [...ip("xfrm state").matchAll(/spi (0x\w+)/g)].map(([, spi = ""]) => spi).toSorted();
  /** The address of the gateway on the network between gateways and workloads. */
  const gatewayUnderlay = () =>
    /inet ([\d.]+)/.exec(ip("-n ipman-102 -o -4 addr show dev ipman0"))?.[1] ?? "";
  const bothWays = (netns: string, remote: string, own: string) => {
    assert.deepEqual(pings(netns, 20, remote), noneLost(20));
    assert.deepEqual(pings("peer", 5, own, "-I", remote), noneLost(5));
  };

  it("carry packets of a route-based tunnel both ways", () => {
    bothWays("app", "10.1.2.1", "10.0.2.3");
  });

  it("leave the workload's default route, its own network and the underlay as they are", () => {
    keepsDefaultRoute();
    for (const address of [outside, "172.31.0.1", gatewayUnderlay()])
      assert.equal(reaches(address), 1, address);
  });

  it("do not include another network behind the peer", () => {
    assert.match(ip("-n app route get 10.1.5.1"), /dev eth0/);
    assert.equal(reaches("10.1.5.1"), 0);
  });

  it("are the selectors of a policy-based tunnel beside it", () => {
    bothWays("app3", "10.1.3.1", "10.0.3.3");
    assert.match(ip("-n app3 route show 10.1.3.0/24"), /^10\.1\.3\.0\/24 via 10\.0\.3\.1 /);
  });

  it("may be all networks over IPv6", () => {
    ip("-n app6 link add dummy0 type dummy");
    ip("-n app6 link set dummy0 up");
    ip("-n app6 -6 route add default dev dummy0");
    lab.ipman.attach("app6", "cloud", "six");
    assert.match(ip("-n app6 -6 route show default"), /^default dev dummy0 /);
    bothWays("app6", "fd00:a1::1", "fd00:a0:6::10");
  });

  it("need not include the address of a probe", async () => {
    await lab.ipman.until(
      (status) =>
        find(status, "cloud")?.conditions.some(
          ({ type, status }) => type === "Reachable" && status === "True",
        ) === true,
    );
  });

  it("may be all networks: the default route stays, for the workload's own networks", async () => {
    const before = spis();
    lab.ipman.apply("cloud.yaml", yaml(routeBased({ routes: ["0.0.0.0/0"] })));
    await eventually(() => {
      // The upper half is split around the network between gateways and workloads.
      for (const part of ["0.0.0.0/1 ", "128.0.0.0/2 "]) assert.ok(intoTunnel().includes(part));
    });
    lab.ipman.attach("app", "cloud", "child-2");
    keepsDefaultRoute();
    for (const address of ["10.1.2.1", "10.1.5.1", "172.31.0.1", gatewayUnderlay()])
      assert.equal(reaches(address), 1, address);
    assert.equal(reaches(outside), 0);
    assert.deepEqual(spis(), before, "a change of routes causes no IKE exchange");
    bothWays("app3", "10.1.3.1", "10.0.3.3");
  });

  it("do not include 0.0.0.0/0 by default, and the status names it", async () => {
    const before = spis();
    lab.ipman.apply("cloud.yaml", yaml(routeBased({})));
    await eventually(async () => {
      const { conditions = [] } = find(await lab.ipman.status(), "cloud") ?? {};
      const found = conditions.find(({ type }) => type === "PartlyRouted");
      assert.match(found?.message ?? "", /child-2: .*\(0\.0\.0\.0\/0\).* routes$/);
      assert.equal(conditions.find(({ type }) => type === "Ready")?.status, "True");
    });
    await eventually(() => assert.doesNotMatch(intoTunnel(), /\/1 |10\.1\.2\.0/));
    lab.ipman.attach("app", "cloud", "child-2");
    keepsDefaultRoute();
    assert.match(ip("-n app route get 10.1.2.1"), /dev eth0/);
    assert.equal(reaches(outside), 1);
    assert.deepEqual(spis(), before);
  });
});

/** Gives the workload a network of its own, with a default route to what is behind it. */
function defaultRouteByLan(): void {
  ip("-n app link add eth0 type veth peer name eth0 netns lan");
  ip("-n app addr add 172.31.0.2/24 dev eth0");
  ip("-n lan addr add 172.31.0.1/24 dev eth0");
  ip(`-n lan addr add ${outside}/32 dev lo`);
  for (const netns of ["app", "lan"]) {
    ip(`-n ${netns} link set lo up`);
    ip(`-n ${netns} link set eth0 up`);
  }
  ip("-n app route add default via 172.31.0.1");
}
