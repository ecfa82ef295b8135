import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Prometheus } from "../../sites/prometheus.ts";
import type { LabCluster } from "../cluster.ts";
import { PodTargets } from "../pod-targets.ts";

const lookMs = 2_000;

/** Runs scenarios whose failures are repaired before an alert of the shipped rules fires. */
export function withoutWakingAnybody(cluster: () => LabCluster, scenarios: () => void): void {
  describe("a Prometheus with the shipped rules", () => {
    const resources = new AsyncDisposableStack();
    let prometheus: Prometheus;

    before(async () => {
      const folder = mkdtempSync(join(cluster().folder, "on-call-"));
      const pods = new PodTargets(cluster(), join(folder, "targets.json"));
      await pods.find();
      prometheus = resources.use(await Prometheus.start(folder, { scrapes: [pods.job], scale: 1 }));
      // While the API server is unavailable, the targets do not change.
      resources.use(setInterval(() => void pods.find().catch(() => {}), lookMs));
    });
    after(() => resources.disposeAsync());

    scenarios();

    it("counted the requests that the API server did not answer", async () => {
      const refused = 'ipman_adapter_call_seconds_count{call=~"kube.*", outcome="error"}';
      assert.ok((await prometheus.value(`max(max_over_time(${refused}[1h]))`)) > 0);
    });

    it("had pending alerts, and none fired", async () => {
      assert.ok((await prometheus.alerts("pending")).length > 0, "Prometheus noticed the failures");
      assert.deepEqual(await prometheus.alerts("firing"), []);
    });
  });
}
