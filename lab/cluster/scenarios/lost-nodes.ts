import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import { soonMs, takenOver } from "../lost.ts";
import { behind } from "../partner.ts";
import { twoGateways, type LossLab } from "../two-gateways.ts";

/** The time of a boot, with the images of ipman. */
const rejoinSeconds = 45;

/** Boots node-a again, which joins and stands by without a loss of the worker's traffic. */
async function rejoins({ cluster, paths }: LossLab): Promise<void> {
  const node = cluster.nodes["node-a"];
  const { lost, sent } = await paths.underTraffic(rejoinSeconds, behind, async () => {
    node.powerOn();
    await node.answers();
  });
  assert.ok(lost.length <= sent / 100, `${lost.length} of ${sent} lost: ${lost[0]}`);
  await cluster.ready();
  await paths.rolesAre("main reserve standby active");
  await paths.isReady("main");
  await paths.carries();
}

/** The loss of the machine that has the active path. */
export function lostNodeScenarios(lab: () => LossLab): void {
  describe("a node that loses its power", () => {
    it(
      "is replaced by the other one, and stands by once it is back",
      { timeout: 300_000 },
      async () => {
        const harm = () => lab().cluster.nodes["node-a"].powerOff();
        await takenOver(lab(), { seconds: 10, harm, atMostMs: soonMs });
        await rejoins(lab());
      },
    );
  });
}

/** The same in worse conditions. */
export function worseNodeScenarios(lab: () => LossLab): void {
  describe("a node that loses its power", () => {
    const powerOff = () => lab().cluster.nodes["node-a"].powerOff();

    it("is replaced by one with a hot standby", { timeout: 300_000 }, async () => {
      lab().cluster.apply(twoGateways({ standby: "hot" }));
      try {
        await takenOver(lab(), { seconds: 10, harm: powerOff, atMostMs: soonMs });
        await rejoins(lab());
      } finally {
        // The operator of the node that is back may not serve its webhook yet.
        await eventually(() => lab().cluster.apply(twoGateways()), 60_000, 1_000);
      }
    });

    it("is replaced while no API server runs", { timeout: 400_000 }, async () => {
      const { cluster } = lab();
      const { plane } = cluster;
      const harm = async () => {
        await plane.stop("kube-apiserver");
        await powerOff();
        setTimeout(() => plane.startApiServer(), 8_000);
      };
      await takenOver(lab(), { seconds: 20, harm, atMostMs: soonMs });
      await rejoins(lab());
    });

    it("is replaced if every operator ran on it", { timeout: 400_000 }, async () => {
      const { cluster } = lab();
      const operators = ["-n", "ipman-system", "deployment/ipman-operator", "--timeout=100s"];
      cluster.upgrade("--set", "controller.nodeSelector.kubernetes\\.io/hostname=node-a");
      cluster.kubectl("rollout", "status", ...operators);
      try {
        await takenOver(lab(), { seconds: 10, harm: powerOff, atMostMs: soonMs });
        await rejoins(lab());
      } finally {
        cluster.upgrade();
      }
      cluster.kubectl("rollout", "status", ...operators);
    });
  });
}
