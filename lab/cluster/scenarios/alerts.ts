import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Prometheus } from "../../sites/prometheus.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";

/** What a real Prometheus judges of the operator, by the shipped rules. */
export function alertScenarios(cluster: () => LabCluster): void {
  describe("a real Prometheus in a cluster", () => {
    let prometheus: Prometheus;

    /** Debian's Prometheus has no discovery of Kubernetes' own: it is told where the pods are. */
    const targets = () => join(cluster().folder, "targets.json");
    function findPods(): void {
      const wanted = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type in (operator,agent)"];
      const addresses = cluster().kubectl(
        ...["get", "pods", ...wanted, "-o", "jsonpath={.items[*].status.podIP}"],
      );
      const all = addresses.split(" ").filter(Boolean);
      const next = `${targets()}.new`;
      writeFileSync(next, JSON.stringify([{ targets: all.map((address) => `${address}:9740`) }]));
      renameSync(next, targets());
    }

    before(async () => {
      findPods();
      const found = { files: [targets()], refresh_interval: "1s" };
      prometheus = await Prometheus.start(cluster().folder, [
        { job_name: "ipman", file_sd_configs: [found] },
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
      const rollout = ["rollout", "status", "-n", "ipman-system", "deployment/ipman-operator"];
      cluster().kubectl(...rollout, "--timeout=60s");
      findPods();
      await becomes([]);
    });
  });
}
