import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { eventually, inNetns, ip, sh } from "../sites/shell.ts";
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

describe("a probe through the active one of two paths", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const children = { "child-2": childSpec(2, { probe: { address: "10.1.2.1" } }) };
  const cr = connectionSpec("first", {
    children,
    // The peer does not have the other path, which therefore does not take over.
    paths: [{ name: "main" }, { name: "backup", remoteAddr: sites.peer.other, standby: "cold" }],
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(cr);
  });
  after(() => resources.disposeAsync());

  const reached = (wanted: string) =>
    lab.ipman.until((status) => find(status, "first")?.children[0]?.reachability === wanted);
  /** When the log last said that the target does not answer. */
  const unansweredAt = () => {
    const lines = readFileSync(join(lab.folder, "ipman.log"), "utf8").split("\n");
    const line = lines.findLast((one) => one.includes("ProbeUnanswered")) ?? "";
    return Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(line)?.[0] ?? "");
  };

  it("finds the loss of the peer's cable within a fraction of a second", async (t) => {
    const took: number[] = [];
    for (let run = 0; run < 3; run++) {
      await reached("reachable");
      await pause(2_000 + run * 100);
      const pulledAt = Date.now();
      ip("-n peer link set wire0 down");
      await reached("unreachable");
      await eventually(() => assert.ok(unansweredAt() >= pulledAt));
      took.push(unansweredAt() - pulledAt);
      ip("-n peer link set wire0 up");
      ip("-n peer route replace 10.0.0.0/16 dev wire0");
    }
    const sorted = took.toSorted((a, b) => a - b);
    t.diagnostic(`${sorted[1]} ms, the median of ${took.join(", ")} ms`);
    assert.ok(Math.max(...took) < 3_000, `${took.join(", ")} ms`);
    await reached("reachable");
  });

  it("sends few requests while it is answered, and none is lost", async (t) => {
    await pause(2_000);
    const counted = async () => {
      const metrics = await lab.ipman.metrics();
      const of = (name: string) =>
        metrics.get(`ipman_probe_${name}{connection="first",child="child-2"}`) ?? 0;
      return { answered: of("round_trip_seconds_count"), lost: of("lost_total") };
    };
    const begin = await counted();
    await pause(6_000);
    const end = await counted();
    t.diagnostic(`${end.answered - begin.answered} answers in 6 s`);
    assert.ok(end.answered - begin.answered <= 24);
    assert.equal(end.lost, begin.lost);
  });
});
