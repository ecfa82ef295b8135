import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { Prometheus } from "../../sites/prometheus.ts";
import type { LabCluster } from "../cluster.ts";
import { PodTargets } from "../pod-targets.ts";

const lookMs = 2_000;

/** A Prometheus of the cluster's pods, wherever they move, that judges by the rules as they are shipped. */
export async function onCall(
  cluster: LabCluster,
  owned: AsyncDisposableStack,
): Promise<Prometheus> {
  const folder = mkdtempSync(join(cluster.folder, "on-call-"));
  const pods = new PodTargets(cluster, join(folder, "targets.json"));
  await pods.find();
  const prometheus = await Prometheus.start(folder, { scrapes: [pods.job], scale: 1 });
  owned.use(prometheus);
  // While the API server is away they are where they were.
  const looking = setInterval(() => void pods.find().catch(() => {}), lookMs);
  owned.defer(() => clearInterval(looking));
  return prometheus;
}

export function refusedRequestScenarios(prometheus: () => Prometheus): void {
  it("the Prometheus knows of the requests that the API server did not answer", async () => {
    const refused = 'ipman_adapter_call_seconds_count{call=~"kube.*", outcome="error"}';
    assert.ok((await prometheus().value(`max(max_over_time(${refused}[1h]))`)) > 0);
  });
}
