import assert from "node:assert/strict";
import { it, mock } from "node:test";
import pLimit from "p-limit";
import { NEVER } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { WorkloadSettings } from "../../../model/kubernetes/workloads.ts";
import type { Cluster } from "../state/cluster.ts";
import { Workloads } from "./workloads.ts";

it("Deployments are looked at although nothing changes after the start", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const metadata = { namespace: "ipman-system", name: "charon-a", resourceVersion: "1" };
  const deployment: KubeObject = { apiVersion: "apps/v1", kind: "Deployment", metadata };
  const objects = new Map([["ipman-system/charon-a", deployment]]);
  const desired = { connections: new Map() };
  const complete = { synced: true, whole: true, changes: NEVER };
  using workloads = new Workloads({
    client: {} as KubeClient,
    cluster: { ...complete, groups: new Map(), desired } as unknown as Cluster,
    deployments: { ...complete, objects, version: 1n } as unknown as ObjectStore<KubeObject>,
    settings: {} as WorkloadSettings,
    writes: pLimit(1),
    onBreakdown: (_, error) => assert.fail(String(error)),
  });
  mock.timers.tick(100);
  assert.deepEqual([...workloads.actors.keys()], ["ipman-system/charon-a"]);
  mock.timers.reset();
});
