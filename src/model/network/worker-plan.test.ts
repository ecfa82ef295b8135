import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wholePlanText } from "../../../test/simulator/kernel/plan-text.ts";
import { workerFacts } from "../../../test/simulator/kernel/plans.ts";
import { workerPlan } from "./worker-plan.ts";

describe("a worker's plan", () => {
  it("has the segment's device, the gateway's entries, and a route to each remote network", (t) => {
    const path = `${import.meta.dirname}/worker-plan.golden.txt`;
    t.assert.fileSnapshot(wholePlanText(workerPlan(workerFacts)), path, { serializers: [String] });
  });

  it("has the smaller of the tunnel's MTU and the one that fits the pod network", () => {
    const mtuOf = (tunnelMtu: number, deviceMtu: number) =>
      workerPlan({ ...workerFacts, tunnelMtu, deviceMtu }).links[0]?.mtu;
    assert.equal(mtuOf(1_400, 1_500), 1_400);
    assert.equal(mtuOf(1_400, 1_430), 1_380);
  });
});
