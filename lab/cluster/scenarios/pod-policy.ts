import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../../src/model/kubernetes/labels.ts";
import type { LabCluster } from "../cluster.ts";

const namespace = "default";
const name = "policed";

/** The requests that the API server itself refuses, with or without an operator. */
export function podPolicyScenarios(cluster: () => LabCluster): void {
  describe("the admission policies", () => {
    const claims = [
      { annotations: { [annotation.vxlanIp]: "10.0.9.19/24" } },
      { labels: { [label.worker]: "other" } },
    ];
    /** A pod that no node runs. */
    const podOf = (metadata: object) =>
      ({
        apiVersion: "v1",
        kind: "Pod",
        metadata,
        spec: { schedulerName: "none", containers: [{ name: "main", image: "lab:dev" }] },
      }) as unknown as KubeObject;

    before(() => cluster().client.create(resourceTypes.Pod, podOf({ name, namespace })));
    after(() => cluster().client.delete(resourceTypes.Pod, { namespace, name }));

    it("let no request change a pod's assigned values, not even through its status", () => {
      const change = (patch: object, ...more: string[]) => {
        const words = ["patch", "pod", name, "-n", namespace, "--type=merge", ...more];
        return cluster().kubectl(...words, "-p", JSON.stringify(patch));
      };
      for (const metadata of claims) {
        for (const more of [[], ["--subresource=status"]])
          assert.throws(() => change({ metadata }, ...more), /cannot change/);
      }
      change({ metadata: { annotations: { "example.org/other": "annotation" } } });
    });

    it("let no Binding change a pod's assigned values", () => {
      const file = join(cluster().folder, "binding.json");
      for (const path of ["bindings", `pods/${name}/binding`]) {
        for (const metadata of claims) {
          const binding = {
            apiVersion: "v1",
            kind: "Binding",
            metadata: { name, namespace, ...metadata },
            target: { apiVersion: "v1", kind: "Node", name: "nowhere" },
          };
          writeFileSync(file, JSON.stringify(binding));
          const raw = `/api/v1/namespaces/${namespace}/${path}`;
          const bind = () => cluster().kubectl("create", "--raw", raw, "-f", file);
          assert.throws(bind, /a Binding cannot carry/, path);
        }
      }
    });

    it("let no pod claim an address in a namespace that the webhook ignores", async () => {
      for (const metadata of claims) {
        const pod = podOf({ name: "claims", namespace: "kube-system", ...metadata });
        await assert.rejects(
          cluster().client.create(resourceTypes.Pod, pod),
          /the webhook ignores pods of this namespace/,
        );
      }
    });
  });
}
