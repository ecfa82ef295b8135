import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Prometheus } from "../../sites/prometheus.ts";
import type { LabCluster } from "../cluster.ts";
import { PodTargets } from "../pod-targets.ts";

const lookMs = 2_000;

/** Scenarios of which each mends itself before anybody is to be woken, by the rules as shipped. */
export function withoutWakingAnybody(cluster: () => LabCluster, scenarios: () => void): void {
  describe("while a Prometheus judges by the rules as they are shipped", () => {
    const resources = new AsyncDisposableStack();
    let prometheus: Prometheus;

    before(async () => {
      const folder = mkdtempSync(join(cluster().folder, "on-call-"));
      const pods = new PodTargets(cluster(), join(folder, "targets.json"));
      await pods.find();
      prometheus = resources.use(await Prometheus.start(folder, { scrapes: [pods.job], scale: 1 }));
      // While the API server is away they are where they were.
      resources.use(setInterval(() => void pods.find().catch(() => {}), lookMs));
    });
    after(() => resources.disposeAsync());

    scenarios();

    it("knows of the requests that the API server did not answer", async () => {
      const refused = 'ipman_adapter_call_seconds_count{call=~"kube.*", outcome="error"}';
      assert.ok((await prometheus.value(`max(max_over_time(${refused}[1h]))`)) > 0);
    });

    it("would have fired, and did not", async () => {
      assert.ok((await prometheus.alerts("pending")).length > 0, "it saw that something was wrong");
      assert.deepEqual(await prometheus.alerts("firing"), []);
    });
  });
}
