import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../sites/shell.ts";
import type { NodeName } from "../cluster.ts";
import { kept, briefMs, settled, soonMs, takenOver } from "../lost.ts";
import { behind } from "../partner.ts";
import { twoGateways, type LossLab } from "../two-gateways.ts";

/** Longer than the agent waits for an answer of charon, and for its return. */
const hungSeconds = 32;

const charon = "$(pidof charon-systemd)";

function signal({ cluster }: LossLab, node: NodeName, name: string): Promise<string> {
  return cluster.nodes[node].sh(`kill -${name} ${charon}`);
}

/** Has charon of the active node hang, and continue after the traffic was judged. */
async function hangs(lab: LossLab, effect: typeof kept, atMostMs: number): Promise<void> {
  const { paths } = lab;
  const harm = () => signal(lab, "node-a", "STOP");
  try {
    await effect(lab, { seconds: hungSeconds, harm, atMostMs });
  } finally {
    await signal(lab, "node-a", "CONT");
  }
  const switches = await paths.switches();
  const { gapMs } = await paths.underTraffic(10, behind, () => {});
  assert.ok(gapMs <= briefMs, `${gapMs} ms`);
  await paths.isReady(paths.field("activePath") === "main" ? "reserve" : "main");
  assert.equal(await paths.switches(), switches);
}

/** A charon that dies or hangs, while the kernel carries the traffic. */
export function hungCharonScenarios(lab: () => LossLab): void {
  describe("charon", () => {
    it("is killed, and restarts with a short gap", { timeout: 120_000 }, async () => {
      const harm = () => signal(lab(), "node-a", "KILL");
      await kept(lab(), { seconds: 15, harm, atMostMs: soonMs });
      await lab().paths.isReady("reserve");
    });

    it(
      "hangs without a loss of the tunnel, which stays while the probe is answered",
      { timeout: 200_000 },
      async () => {
        await hangs(lab(), kept, briefMs);
      },
    );

    it(
      "hangs beside the path that stands by, which the condition Redundant reports",
      { timeout: 120_000 },
      async () => {
        const { paths } = lab();
        const redundant = () => paths.field('conditions[?(@.type=="Redundant")].status');
        await settled(lab());
        try {
          await signal(lab(), "node-b", "STOP");
          await eventually(() => assert.equal(redundant(), "False"), 60_000, 500);
          assert.equal(paths.field("activePath"), "main");
        } finally {
          await signal(lab(), "node-b", "CONT");
        }
        await paths.isReady("reserve");
      },
    );
  });
}

/** The same without a probe: nothing proves that the tunnel works. */
export function hungWithoutProbeScenarios(lab: () => LossLab): void {
  describe("charon of a child without a probe", () => {
    it("hangs, and the path that stands by takes over", { timeout: 200_000 }, async () => {
      await settled(lab());
      lab().cluster.apply(twoGateways({ probe: false }));
      try {
        await pause(3_000);
        await hangs(lab(), takenOver, soonMs);
      } finally {
        lab().cluster.apply(twoGateways());
      }
    });
  });
}
