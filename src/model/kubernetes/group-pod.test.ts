import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { groupPodFailure, groupPod } from "./group-pod.ts";
import type { KubeObject } from "./kube-object.ts";
import { label } from "./labels.ts";

const pod = (status: object, meta: object = {}) => {
  const labels = { [label.type]: "charon", [label.groupId]: "abc" };
  const metadata = { name: "charon-a", namespace: "ipman-system", labels, ...meta };
  return groupPod({ apiVersion: "v1", kind: "Pod", metadata, status } as KubeObject);
};
const ready = { conditions: [{ type: "Ready", status: "True" }] };
const waiting = (reason: string, message?: string) => ({
  containerStatuses: [{ state: { waiting: { reason, message } } }],
});
const words = (status: object) => groupPodFailure("charon", [pod(status)])?.message ?? "";

describe("the pod of charon or an agent", () => {
  it("runs if one of several is ready, and not if that one is being deleted", () => {
    assert.equal(groupPodFailure("charon", [pod({}), pod(ready)]), undefined);
    const ending = pod(ready, { deletionTimestamp: "2026-01-01T00:00:00Z" });
    assert.equal(groupPodFailure("charon", [ending])?.reason, "InProgress");
  });

  it("counts for its own type only", () => {
    assert.equal(groupPodFailure("agent", [pod(ready)])?.reason, "InProgress");
  });

  it("fails with the cluster's message", () => {
    const unscheduled = { type: "PodScheduled", status: "False", message: "0/2 nodes" };
    assert.equal(
      words({ conditions: [unscheduled] }),
      "pod ipman-system/charon-a does not run: 0/2 nodes",
    );
    assert.match(words(waiting("ErrImagePull", "no such image")), /ErrImagePull: no such image$/);
  });

  it("fails with a message that does not change with each restart", () => {
    assert.match(
      words(waiting("CrashLoopBackOff", "back-off 20s restarting")),
      /CrashLoopBackOff$/,
    );
  });

  it("is starting while its containers are created", () => {
    assert.equal(words(waiting("ContainerCreating")), "the pod of the group's charon is starting");
  });
});
