import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { wholePlanText } from "../../../test/simulator/kernel/plan-text.ts";
import {
  address,
  gatewayFacts,
  prefix,
  sharingFacts,
  workerOf,
} from "../../../test/simulator/kernel/plans.ts";
import type { Child } from "../api/connection.ts";
import { formatPrefix } from "../net/prefix.ts";
import { gatewayPlan } from "./gateway-plan.ts";
import type { LinkPlan } from "./network-plan.ts";

const vxlanIn = (links: readonly LinkPlan[]) => links.find((link) => link.kind === "vxlan");

describe("a gateway's plan", () => {
  const reached = workerOf("10.0.2.3/24", "10.244.0.3");

  it("has both devices, a route to each remote network, and the entries of each worker", (t) => {
    const path = `${import.meta.dirname}/gateway-plan.golden.txt`;
    t.assert.fileSnapshot(wholePlanText(gatewayPlan(gatewayFacts)), path, {
      serializers: [String],
    });
  });

  it("has the same entries over an IPv6 pod network, with an MTU that fits it", (t) => {
    const path = `${import.meta.dirname}/gateway-plan-ipv6.golden.txt`;
    const plan = gatewayPlan({
      ...gatewayFacts,
      gateway: { device: "eth0", mtu: 1_500, underlay: address("fd44::1") },
      workers: [workerOf("10.0.2.3/24", "fd44::3")],
    });
    t.assert.fileSnapshot(wholePlanText(plan), path, { serializers: [String] });
  });

  it("beside other gateways sends by an address of its own, and receives by the common one", (t) => {
    const path = `${import.meta.dirname}/gateway-plan-sharing.golden.txt`;
    const plan = gatewayPlan(sharingFacts);
    t.assert.fileSnapshot(wholePlanText(plan), path, { serializers: [String] });
    const alone = gatewayPlan(gatewayFacts);
    assert.deepEqual({ ...plan, links: [] }, { ...alone, links: [] });
    const elsewhere = gatewayPlan({
      ...sharingFacts,
      gateway: { ...sharingFacts.gateway, underlay: address("10.244.1.1") },
    });
    const [one, other] = [plan, elsewhere].map(({ links }) => vxlanIn(links));
    assert.equal(one?.receives, vxlanIn(alone.links)?.mac);
    assert.equal(other?.receives, one?.receives);
    assert.notEqual(other?.mac, one?.mac);
  });

  it("is the same whether or not it carries the traffic, if it has an address of its own", () => {
    assert.deepEqual(gatewayPlan({ ...sharingFacts, carries: false }), gatewayPlan(sharingFacts));
  });

  it("reaches no worker while it would lead workers to itself and carries no traffic", () => {
    const facts = { ...sharingFacts, workers: gatewayFacts.workers };
    const silent = gatewayPlan({ ...facts, carries: false });
    assert.deepEqual(silent.fdb, []);
    assert.deepEqual(gatewayPlan({ ...facts, carries: true }), {
      ...silent,
      fdb: gatewayPlan(facts).fdb,
    });
    assert.equal(gatewayPlan({ ...facts, carries: true }).fdb.length, 2);
  });

  it("uses the common address for all while a worker knows of one gateway only", () => {
    const workers = [...sharingFacts.workers, workerOf("10.0.2.5/24", "10.244.0.5")];
    assert.deepEqual(
      gatewayPlan({ ...sharingFacts, workers }),
      gatewayPlan({ ...gatewayFacts, workers: workers.map((each) => ({ ...each })) }),
    );
  });

  it("does not plan an MTU below IPv6's minimum for a child that uses IPv6", () => {
    const child = { ...gatewayFacts.child, xfrmIp: prefix("fd00:2::1/64") };
    const [xfrm] = gatewayPlan({ ...gatewayFacts, child, tunnelMtu: 1_200 }).links;
    assert.equal(xfrm?.mtu, 1_280);
    const [other] = gatewayPlan({ ...gatewayFacts, tunnelMtu: 1_200 }).links;
    assert.equal(other?.mtu, 1_200);
  });

  const intoTunnel = (changes: Partial<Child>) => {
    const plan = gatewayPlan({ ...gatewayFacts, child: { ...gatewayFacts.child, ...changes } });
    return plan.routes
      .filter(({ link }) => link === "xfrm102")
      .map(({ destination }) => formatPrefix(destination));
  };

  it("has a device for each path, whose routes lead to the active one", () => {
    const byPath = (...tunnels: number[]) => gatewayPlan({ ...gatewayFacts, tunnels });
    const plan = byPath(0x1000066, 102);
    const xfrms = plan.links.filter(({ kind }) => kind === "xfrm").map(({ name }) => name);
    assert.deepEqual(xfrms, ["xfrm102", "xfrm16777318"]);
    const intoTunnels = plan.routes.filter(({ link }) => link.startsWith("xfrm"));
    assert.deepEqual([...new Set(intoTunnels.map(({ link }) => link))], ["xfrm16777318"]);
    assert.match(plan.rules?.frame ?? "", /oifname \{ "xfrm102", "xfrm16777318" \} ip saddr/);
    const held = gatewayPlan({ ...gatewayFacts, tunnels: [102, 0x1000066], holds: true });
    assert.match(
      held.rules?.frame ?? "",
      /oifname \{ "xfrm102", "xfrm16777318", "hold102" \} ip saddr/,
    );
    assert.match(
      held.rules?.frame ?? "",
      /iifname "hold102" oifname \{ "xfrm102", "xfrm16777318" \}/,
    );
    // A switch changes the routes alone.
    const other = byPath(102, 0x1000066);
    assert.deepEqual({ ...other, routes: [] }, { ...plan, routes: [] });
    assert.notDeepEqual(other.routes, plan.routes);
  });

  it("keeps the pod's default route, and reaches gateway and workers outside the tunnel", () => {
    assert.deepEqual(intoTunnel({ routes: [prefix("10.244.0.0/22")] }), ["10.244.2.0/23"]);
    const all = intoTunnel({ routes: [prefix("0.0.0.0/0")] });
    assert.ok(!all.includes("0.0.0.0/0"));
    assert.ok(all.includes("128.0.0.0/1"));
  });

  it("keeps the route to a worker if one into the tunnel has the same destination", () => {
    const routes = [prefix("10.0.2.3/32"), prefix("10.1.2.0/24")];
    assert.deepEqual(intoTunnel({ routes }), ["10.1.2.0/24"]);
  });

  it("has a host route to the address of a probe that no route has", () => {
    const probe = { address: address("10.1.2.9"), intervalSeconds: 5 };
    assert.deepEqual(intoTunnel({ probe, routes: [] }), ["10.1.2.9/32"]);
    assert.deepEqual(intoTunnel({ probe, routes: [prefix("10.1.2.0/24")] }), ["10.1.2.0/24"]);
  });

  it("leaves out a worker without an address of the gateway's family", () => {
    const other = workerOf("10.0.2.4/24", "fd44::4");
    const plan = gatewayPlan({ ...gatewayFacts, workers: [reached, other] });
    assert.deepEqual(plan, gatewayPlan({ ...gatewayFacts, workers: [reached] }));
    assert.equal(plan.fdb.length, 1);
  });

  it("reaches a worker by its address of the gateway's family", () => {
    const six = { ...workerOf("10.0.2.3/24", "fd44::3"), alternate: address("10.244.0.3") };
    const plan = gatewayPlan({ ...gatewayFacts, workers: [six] });
    assert.deepEqual(plan, gatewayPlan({ ...gatewayFacts, workers: [reached] }));
  });

  it("leads networks that the partner sees of workers to the segment, unless they are routes", () => {
    const { child } = gatewayFacts;
    const pair = (seen: string) => ({ actual: prefix("10.0.2.0/24"), seen: prefix(seen) });
    const plannedFor = (seen: string) => {
      const nat = { addresses: undefined, local: [pair(seen)], remote: [] };
      return gatewayPlan({ ...gatewayFacts, child: { ...child, nat } }).routes;
    };
    const added = plannedFor("192.168.77.0/24").filter(({ link }) => link === "vxlan102");
    assert.ok(added.some(({ destination }) => formatPrefix(destination) === "192.168.77.0/24"));
    const [route] = child.routes.map(formatPrefix);
    assert.deepEqual(plannedFor(route ?? ""), gatewayPlan(gatewayFacts).routes);
    // The datagrams of the segment would be led into the segment.
    assert.deepEqual(plannedFor("10.244.0.0/24"), gatewayPlan(gatewayFacts).routes);
  });
});
