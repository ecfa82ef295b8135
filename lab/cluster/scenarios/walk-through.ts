import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { noneLost } from "../../sites/pings.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { scraped } from "../scraped.ts";
import { workload, walkThrough } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

/** The walk-through of the README. */
export function walkThroughScenarios(cluster: () => LabCluster): void {
  describe("the walk-through", () => {
    it("installs with Helm", async () => {
      const notes = cluster().install("--wait", "--timeout", "40s");
      assert.match(notes, /kubectl -n ipman-system logs -l app=ipman-controller/);
    });

    it("passes the chart's own test", () => {
      const said = cluster().helm("test", "ipman", "-n", "ipman-system", "--timeout", "60s");
      assert.match(said, /Phase: +Succeeded/);
    });

    it("establishes a connection whose readiness kubectl can wait for", async () => {
      await configurePeer(cluster(), [examplePeer]);
      const secret = ["create", "secret", "generic", "ipsec-secret", "-n", "default"];
      cluster().kubectl(...secret, "--from-literal=example=yourpresharedkey");
      cluster().apply(walkThrough("node-a"), workload({ name: "work", node: "node-b" }));
      const wait = ["wait", "--for=condition=Ready", "--timeout=60s"];
      cluster().kubectl(...wait, "ipsecconnection/example-connection");
      Workload.started(cluster(), "work");
    });

    it("adds the route to the peer's network to both pods on the other node", async () => {
      const pods = Workload.of(cluster(), "work");
      assert.equal(pods.length, 2);
      assert.deepEqual(pods.map((pod) => pod.address).toSorted(), ["10.0.2.3", "10.0.2.4"]);
      for (const pod of pods) {
        await eventually(() => assert.equal(pod.answered("10.0.1.1", "-c", "1"), 1));
        assert.deepEqual(await pod.pings(50, "10.0.1.1"), noneLost(50));
      }
    });

    it("makes the pods reachable from the peer", async () => {
      for (const { address } of Workload.of(cluster(), "work")) {
        await cluster().peer.sh(`ping -c 3 -i 0.2 -W 1 ${address}`);
      }
    });

    it("carries large bodies both ways", async () => {
      const [pod] = Workload.of(cluster(), "work") as [Workload];
      const size = pod.sh("curl -s -m 60 http://10.0.1.1/large | busybox wc -c").trim();
      assert.equal(size, "20000000");
      pod.sh(
        "mkdir -p /run/www; head -c 5000000 /dev/urandom >/run/www/large; busybox httpd -p 80 -h /run/www",
      );
      const back = await cluster().peer.sh(`curl -s -m 60 http://${pod.address}/large | wc -c`);
      assert.equal(back.trim(), "5000000");
    });

    it("serves metrics to a Prometheus", async () => {
      const metrics = await scraped(cluster());
      const sum = (series: string) =>
        metrics
          .filter((line) => line.startsWith(`${series} `))
          .reduce((total, line) => total + Number(line.slice(series.length)), 0);
      assert.equal(sum("ipman_leading"), 1);
      assert.equal(sum("ipman_charon_up"), 1);
      assert.equal(sum('strongswan_ike_state{ike_name="example",state="ESTABLISHED"}'), 1);
      assert.ok(
        sum('strongswan_sa_bytes_inbound{ike_name="example",child_name="example-child"}') > 2e7,
      );
      const pool = '{connection="example-connection",child="example-child",pool="primary"}';
      // Both replicas export it.
      assert.equal(sum(`ipman_pool_addresses${pool}`), 4);
      assert.equal(sum(`ipman_pool_addresses_free${pool}`), 0);
      assert.equal(sum('ipman_connection_ready{connection="example-connection"}'), 2);
      assert.ok(sum('ipman_adapter_call_seconds_count{call="kube.apply",outcome="ok"}') > 2);
      const written = sum(
        'ipman_secret_changed_timestamp_seconds{connection="example-connection"}',
      );
      assert.ok(written > Date.now() / 1_000 - 3_600, String(written));
      assert.ok(sum('ipman_admission_seconds_count{webhook="pods",outcome="allowed"}') >= 2);
    });

    it("does not report interfaces of pods to the partner", () => {
      const log = readFileSync(join(cluster().folder, "peer", "charon.log"), "utf8");
      assert.match(log, /parsed IKE_AUTH request/);
      assert.doesNotMatch(log, /parsed INFORMATIONAL request.*_ADDR/);
    });

    it("shows readiness, peer, children and node in kubectl", () => {
      const [header = "", line = ""] = cluster().kubectl("get", "ipsecconnection").split("\n");
      assert.match(header, /NAME +READY +REMOTE +CHILDREN +NODE +AGE/);
      assert.match(line, /example-connection +True +192\.168\.1\.2 +1\/1 +node-a/);
    });
  });
}
