import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Prometheus } from "../../sites/prometheus.ts";
import {
  makeAuthority,
  makeLeaf,
} from "../../../src/adapters/kubernetes/admission/certificates.ts";
import { end, eventually, start } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { renamed, walkThrough, walkThroughChild } from "../manifests.ts";
import { PodTargets } from "../pod-targets.ts";
import { Workload } from "../workload.ts";

const bin = join(import.meta.dirname, "../../../bin/ipman");

/** The alerts about the operator, in a real Prometheus with the shipped rules. */
export function alertScenarios(cluster: () => LabCluster): void {
  describe("a real Prometheus in a cluster", () => {
    const resources = new AsyncDisposableStack();
    let prometheus: Prometheus;

    let pods: PodTargets;

    before(async () => {
      pods = new PodTargets(cluster(), join(cluster().folder, "targets.json"));
      await pods.find();
      prometheus = resources.use(await Prometheus.start(cluster().folder, { scrapes: [pods.job] }));
    });
    after(() => resources.disposeAsync());

    const becomes = (wanted: readonly string[]) =>
      eventually(async () => assert.deepEqual(await prometheus.firingNames(), wanted), 60_000, 200);

    it("scrapes operators and agent, and fires no alert", async () => {
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

    it("fires IPManWebhookErrors if the operator may not write a reservation", async () => {
      const role = ["role", "ipman-operator", "-n", "ipman-system"];
      const { rules } = JSON.parse(cluster().kubectl("get", ...role, "-o", "json")) as {
        rules: readonly { readonly resources: readonly string[] }[];
      };
      const may = (some: typeof rules) =>
        cluster().kubectl("patch", ...role, "--type=merge", "-p", JSON.stringify({ rules: some }));
      const permitsReservations = (rule: (typeof rules)[number]) =>
        rule.resources.includes("configmaps");
      cluster().kubectl("scale", "deployment/work", "--replicas=1");
      await eventually(() => assert.equal(Workload.of(cluster(), "work").length, 1), 30_000, 200);
      may(rules.filter((rule) => !permitsReservations(rule)));
      try {
        cluster().kubectl("scale", "deployment/work", "--replicas=2");
        await becomes(["IPManWebhookErrors"]);
      } finally {
        may(rules);
      }
      // The controller's backoff grows with each refusal; a change of the Deployment ends it.
      cluster().kubectl("scale", "deployment/work", "--replicas=1");
      cluster().kubectl("scale", "deployment/work", "--replicas=2");
      assert.equal(Workload.started(cluster(), "work").length, 2);
      await becomes([]);
    });

    it("fires IPManCertificateEnds for an external certificate that is not renewed", async () => {
      const lifetimeMs = 10 * 24 * 3_600_000;
      const ca = await makeAuthority({ name: "CN=another", lifetimeMs });
      const leaf = await makeLeaf(ca, { name: "CN=ends", hosts: ["localhost"], lifetimeMs });
      const pair = { "tls.crt": leaf.certificate, "tls.key": leaf.key };
      const metadata = { name: "ends-soon", namespace: "ipman-system" };
      cluster().apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: pair });
      const third = startReplica(cluster(), metadata.name);
      try {
        await pods.find(thirdAddress);
        await becomes(["IPManCertificateEnds"]);
      } finally {
        await end(third);
        await pods.find();
        cluster().kubectl("delete", "secret", "-n", metadata.namespace, metadata.name);
      }
      await becomes([]);
    });

    it("fires IPManUnattended for a connection whose node does not exist", async () => {
      const children = { "example-child": walkThroughChild(70) };
      const elsewhere = { name: "elsewhere", remoteId: "elsewhere", children };
      const cr = renamed("elsewhere", walkThrough("node-z", elsewhere));
      cluster().apply(cr);
      await becomes(["IPManUnattended"]);
      const [{ labels } = { labels: {} }] = await prometheus.firing();
      assert.deepEqual({ connection: "elsewhere", ...labels }, labels);
      cluster().kubectl("delete", "ipsecconnection", "elsewhere");
      await becomes([]);
    });

    it("fires IPManNoLeader without any operator to report it", async () => {
      const scale = ["scale", "-n", "ipman-system", "deployment/ipman-operator"];
      cluster().kubectl(...scale, "--replicas=0");
      await becomes(["IPManNoLeader"]);
      cluster().kubectl(...scale, "--replicas=2");
      const rollout = ["rollout", "status", "-n", "ipman-system", "deployment/ipman-operator"];
      cluster().kubectl(...rollout, "--timeout=60s");
      await pods.find();
      await becomes([]);
    });
  });
}

const thirdAddress = "127.0.0.1:9742";

/** Starts a replica on this machine with an external certificate. */
function startReplica(cluster: LabCluster, certificateSecret: string): ChildProcess {
  const args = [
    bin,
    "operator",
    "--ipman-image",
    "ipman:dev",
    "--charon-image",
    "ipman-charon:dev",
    "--legacy-charon-image",
    "ipman-charon-legacy:dev",
    "--namespace",
    "ipman-system",
    "--listen",
    thirdAddress,
    "--webhook-port",
    "9444",
    "--certificates",
    "external",
    "--certificate-secret",
    certificateSecret,
    "--kubeconfig",
    cluster.plane.kubeconfig,
  ];
  return start(join(cluster.folder, "third-operator.log"), process.execPath, args);
}
