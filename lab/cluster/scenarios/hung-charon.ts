import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import type { NodeName } from "../cluster.ts";
import { kept, settled } from "../lost.ts";
import { behind } from "../partner.ts";
import type { LossLab } from "../two-gateways.ts";

/** Longer than the agent waits for an answer of charon, and for its return. */
const hungSeconds = 32;

/** A charon that dies or hangs, while the kernel carries the traffic. */
export function hungCharonScenarios(lab: () => LossLab): void {
  describe("charon", () => {
    const signal = (node: NodeName, name: string) =>
      lab().cluster.nodes[node].sh(`kill -${name} $(pidof charon-systemd)`);
    const redundant = () => lab().paths.field('conditions[?(@.type=="Redundant")].status');

    it("is killed without a loss", { timeout: 120_000 }, async () => {
      const harm = () => signal("node-a", "KILL");
      await kept(lab(), { seconds: 15, harm, atMostMs: 500 });
      await lab().paths.isReady("reserve");
    });

    it("hangs without a loss, and continues", { timeout: 200_000 }, async () => {
      const { paths } = lab();
      await settled(lab());
      const before = await paths.switches();
      const seconds: string[] = [];
      const watch = setInterval(() => {
        seconds.push(`${paths.field("activePath")} ${redundant()}`);
      }, 2_000);
      try {
        const { gapMs } = await paths.underTraffic(hungSeconds, behind, () =>
          signal("node-a", "STOP"),
        );
        assert.ok(gapMs <= 500, `${gapMs} ms`);
      } finally {
        clearInterval(watch);
        await signal("node-a", "CONT");
        process.stdout.write(`      ${seconds.join(", ")}\n`);
      }
      const { gapMs } = await paths.underTraffic(10, behind, () => {});
      assert.ok(gapMs <= 500, `${gapMs} ms`);
      const active = paths.field("activePath");
      await paths.isReady(active === "main" ? "reserve" : "main");
      assert.ok((await paths.switches()) - before <= 1);
      await settled(lab());
    });

    it(
      "hangs beside the path that stands by, which the condition Redundant reports",
      { timeout: 120_000 },
      async () => {
        const { paths } = lab();
        await settled(lab());
        try {
          await signal("node-b", "STOP");
          await eventually(() => assert.equal(redundant(), "False"), 60_000, 500);
          assert.equal(paths.field("activePath"), "main");
        } finally {
          await signal("node-b", "CONT");
        }
        await paths.isReady("reserve");
      },
    );
  });
}
