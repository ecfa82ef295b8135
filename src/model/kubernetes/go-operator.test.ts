import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goOperatorRole } from "./go-operator.ts";
import type { KubeMeta, KubeObject } from "./kube-object.ts";

function pod(metadata: Partial<KubeMeta>, more: object = {}): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "pod", ...metadata }, ...more };
}

const replicaSet = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "set", uid: "1" };
const operatorLabels = {
  "app.kubernetes.io/managed-by": "Helm",
  "app.kubernetes.io/name": "ipman",
  "control-plane": "controller-manager",
};
const environment = (name: string) => ({ spec: { containers: [{}, { env: [{ name }] }] } });

describe("a pod of the Go operator", () => {
  for (const type of ["charon", "restctl", "xfrm"]) {
    it(`is one of type ${type} that has neither an owner nor ipman's label`, () => {
      const labels = { "ipman.dialo.ai/type": type };
      assert.equal(goOperatorRole(pod({ labels })), "created");
      assert.equal(goOperatorRole(pod({ labels, ownerReferences: [replicaSet] })), undefined);
      const ours = { ...labels, "app.kubernetes.io/managed-by": "ipman" };
      assert.equal(goOperatorRole(pod({ labels: ours })), undefined);
    });
  }

  it("does not have another type, and is not a workload", () => {
    for (const labels of [
      {},
      { "ipman.dialo.ai/type": "operator" },
      { "ipman.dialo.ai/type": "agent" },
      { "ipman.dialo.ai/worker": "child" },
      { app: "ipman-controller", "app.kubernetes.io/managed-by": "Helm" },
    ])
      assert.equal(goOperatorRole(pod({ labels })), undefined);
    assert.equal(goOperatorRole(pod({})), undefined);
  });

  it("is the operator itself until it has finished", () => {
    const metadata = { labels: operatorLabels, ownerReferences: [replicaSet] };
    const own = environment("XFRMINION_IMAGE");
    assert.equal(goOperatorRole(pod(metadata, own)), "operator");
    assert.equal(
      goOperatorRole(pod(metadata, { ...own, status: { phase: "Running" } })),
      "operator",
    );
    for (const phase of ["Succeeded", "Failed"])
      assert.equal(goOperatorRole(pod(metadata, { ...own, status: { phase } })), undefined);
  });

  it("is not another operator with the common label of a controller", () => {
    const labels = { "control-plane": "controller-manager" };
    assert.equal(goOperatorRole(pod({ labels }, environment("IMAGE"))), undefined);
    assert.equal(goOperatorRole(pod({ labels }, { spec: {} })), undefined);
    assert.equal(goOperatorRole(pod({ labels })), undefined);
    assert.equal(goOperatorRole(pod({ labels: {} }, environment("XFRMINION_IMAGE"))), undefined);
  });
});
