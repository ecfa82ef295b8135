import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wholePlanText } from "../../../test/simulator/kernel/plan-text.ts";
import { address, prefix, workerFacts } from "../../../test/simulator/kernel/plans.ts";
import { formatPrefix } from "../net/prefix.ts";
import { workerPlan } from "./worker-plan.ts";

describe("a worker's plan", () => {
  it("has the segment's device, the gateway's entries, and a route to each remote network", (t) => {
    const path = `${import.meta.dirname}/worker-plan.golden.txt`;
    t.assert.fileSnapshot(wholePlanText(workerPlan(workerFacts)), path, { serializers: [String] });
  });

  it("accepts the sending addresses of several gateways, and has room for them", (t) => {
    const path = `${import.meta.dirname}/worker-plan-sharing.golden.txt`;
    const plan = workerPlan({ ...workerFacts, severalGateways: true });
    t.assert.fileSnapshot(wholePlanText(plan), path, { serializers: [String] });
  });

  const routesOf = (routes: readonly string[], changes: object = {}) => {
    const child = { ...workerFacts.child, routes: routes.map(prefix) };
    const plan = workerPlan({ ...workerFacts, child, ...changes });
    return plan.routes.map(({ destination }) => formatPrefix(destination));
  };

  it("leaves the default route to the pod, whatever its child's routes are", () => {
    assert.deepEqual(routesOf([]), ["10.0.2.1/32"]);
    const all = routesOf(["0.0.0.0/0"]);
    assert.ok(!all.includes("0.0.0.0/0"));
    assert.ok(all.includes("128.0.0.0/1"));
  });

  it("leaves the networks of gateway, pod, node and other gateways to the pod's own routes", () => {
    const facts = { gatewayUnderlay: address("10.244.0.1"), underlay: address("10.244.1.4") };
    const others = [address("10.244.2.9")];
    assert.deepEqual(routesOf(["10.244.0.0/22"], { ...facts, others }), [
      "10.0.2.1/32",
      "10.244.3.0/24",
    ]);
    assert.deepEqual(routesOf(["10.244.0.0/22"], facts), ["10.0.2.1/32", "10.244.2.0/23"]);
  });

  it("keeps its host route to the gateway if a route has the same destination", () => {
    assert.deepEqual(routesOf(["10.0.2.1/32"]), ["10.0.2.1/32"]);
  });

  it("has the smaller of the tunnel's MTU and the one that fits the pod network", () => {
    const mtuOf = (tunnelMtu: number, deviceMtu: number) =>
      workerPlan({ ...workerFacts, tunnelMtu, deviceMtu }).links[0]?.mtu;
    assert.equal(mtuOf(1_400, 1_500), 1_400);
    assert.equal(mtuOf(1_400, 1_430), 1_380);
  });
});
