import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { eventually, inNetns, sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("a probe behind the peer", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const probe = (address: string) => ({ probe: { address, intervalSeconds: 1 } });
  const six = {
    local_ips: ["fd00:a0::/64"],
    remote_ips: ["fd00:a1::/64"],
    xfrm_ip: "fd00:a0::1/64",
    vxlan_ip: "fd00:a0::2/64",
    if_id: 106,
    ip_pools: { primary: ["fd00:a0::3-fd00:a0::9/64"] },
  };
  const cr = connectionSpec("first", {
    children: {
      "child-2": childSpec(2, probe("10.1.2.1")),
      six: childSpec(6, { name: "six", ...six, ...probe("fd00:a1::1") }),
      quiet: childSpec(3, { name: "quiet" }),
    },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(cr);
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk })));
    lab.ipman.apply("first.yaml", yaml(cr));
    await lab.ipman.start();
    await lab.ipman.ready("first");
  });
  after(() => resources.disposeAsync());

  const reachable = (wanted: string) =>
    lab.ipman.until(
      (status) =>
        find(status, "first")?.conditions.find(({ type }) => type === "Reachable")?.status ===
        wanted,
    );
  const series = (name: string, child: string) =>
    `ipman_probe_${name}{connection="first",child="${child}"}`;

  it("is answered through the tunnel, over IPv4 and IPv6", async () => {
    const status = await reachable("True");
    const children = find(status, "first")?.children.map(({ key, reachability }) => [
      key,
      reachability,
    ]);
    assert.deepEqual(Object.fromEntries(children ?? []), {
      "child-2": "reachable",
      six: "reachable",
      quiet: undefined,
    });
    const metrics = await lab.ipman.metrics();
    for (const child of ["child-2", "six"]) {
      assert.equal(metrics.get(series("reachable", child)), 1);
      assert.ok((metrics.get(series("round_trip_seconds_count", child)) ?? 0) >= 1);
      const sum = metrics.get(series("round_trip_seconds_sum", child)) ?? 0;
      assert.ok(sum > 0 && sum < 1, `${sum} s`);
    }
    assert.equal(metrics.get(series("reachable", "quiet")), undefined);
    const bytes = 'strongswan_sa_bytes_outbound{ike_name="first",child_name="child-2"}';
    assert.ok((metrics.get(bytes) ?? 0) >= 28, "it went through the SA");
  });

  it("reports an established tunnel that carries no traffic", async () => {
    inNetns("peer", "ip addr del 10.1.2.1/24 dev lo");
    const status = await reachable("False");
    const first = find(status, "first");
    assert.equal(first?.state, "established");
    const conditions = Object.fromEntries(first?.conditions.map((one) => [one.type, one]) ?? []);
    assert.equal(conditions["Ready"]?.status, "True");
    assert.equal(conditions["Reachable"]?.reason, "ProbeUnanswered");
    assert.match(conditions["Reachable"]?.message ?? "", /child-2/);
    const metrics = await lab.ipman.metrics();
    assert.equal(metrics.get(series("reachable", "child-2")), 0);
    assert.ok((metrics.get(series("lost_total", "child-2")) ?? 0) >= 3);
    assert.equal(metrics.get(series("reachable", "six")), 1);
    assert.equal(metrics.get('ipman_child_up{connection="first",child="child-2"}'), 1);
  });

  it("is answered again once the address exists again", async () => {
    inNetns("peer", "ip addr add 10.1.2.1/24 dev lo");
    await reachable("True");
  });

  it("ends with its declaration, and its socket is closed", async () => {
    const raw = () => sh("ss", "-N", "ipman-102", "-Hw", "-a").trim();
    assert.match(raw(), /icmp/);
    const without = { ...cr.spec.children, "child-2": childSpec(2) };
    lab.ipman.apply("first.yaml", yaml(connectionSpec("first", { children: without })));
    await lab.ipman.until(
      (status) => find(status, "first")?.children[0]?.reachability === undefined,
    );
    await eventually(() => assert.equal(raw(), ""));
    const metrics = await lab.ipman.metrics();
    assert.equal(metrics.get(series("lost_total", "child-2")), undefined);
    await lab.ipman.ready("first");
  });
});
