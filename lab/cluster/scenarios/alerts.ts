import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Prometheus } from "../../sites/prometheus.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";

/** What a real Prometheus that finds the pods by the API server judges of the operator. */
export function alertScenarios(cluster: () => LabCluster): void {
  describe("a real Prometheus in a cluster", () => {
    let prometheus: Prometheus;

    before(async () => {
      prometheus = await Prometheus.start(cluster().folder, [
        {
          job_name: "ipman",
          kubernetes_sd_configs: [
            {
              role: "pod",
              kubeconfig_file: cluster().plane.kubeconfig,
              namespaces: { names: ["ipman-system"] },
              selectors: [{ role: "pod", label: "ipman.dialo.ai/type in (operator,agent)" }],
            },
          ],
          relabel_configs: [
            {
              source_labels: ["__meta_kubernetes_pod_container_port_name"],
              ...{ regex: "metrics", action: "keep" },
            },
          ],
        },
      ]);
    });
    after(() => prometheus[Symbol.asyncDispose]());

    const names = async () => [...new Set((await prometheus.firing()).map(({ alert }) => alert))];
    const becomes = (wanted: readonly string[]) =>
      eventually(async () => assert.deepEqual(await names(), wanted), 60_000, 200);

    it("scrapes operators and agent, and has nothing to say", async () => {
      await eventually(async () => assert.equal(await prometheus.value("sum(up)"), 3), 30_000, 200);
      assert.equal(await prometheus.value("sum(ipman_leading)"), 1);
      assert.equal(await prometheus.value("sum(ipman_child_up)"), 1);
      await becomes([]);
    });

    it("fires IPManPoolExhausted for pods that a full pool denies", async () => {
      cluster().kubectl("scale", "deployment/work", "--replicas=3");
      await becomes(["IPManPoolExhausted"]);
      const [{ labels } = { labels: {} }] = await prometheus.firing();
      assert.deepEqual({ pool: "primary", connection: "example-connection", ...labels }, labels);
      cluster().kubectl("scale", "deployment/work", "--replicas=2");
      await becomes([]);
    });

    it("fires IPManNoLeader where no operator is left to say so", async () => {
      const scale = ["scale", "-n", "ipman-system", "deployment/ipman-operator"];
      cluster().kubectl(...scale, "--replicas=0");
      await becomes(["IPManNoLeader"]);
      cluster().kubectl(...scale, "--replicas=2");
      await becomes([]);
      const rollout = ["rollout", "status", "-n", "ipman-system", "deployment/ipman-operator"];
      cluster().kubectl(...rollout, "--timeout=60s");
    });
  });
}
