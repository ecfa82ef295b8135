import assert from "node:assert/strict";
import { it, mock } from "node:test";
import pLimit from "p-limit";
import { NEVER } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { DeploymentSettings } from "../../../model/kubernetes/deployments.ts";
import type { Cluster } from "../state/cluster.ts";
import { Deployments } from "./deployments.ts";

it("Deployments are compared with the wanted ones at the start, even if nothing changes", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const metadata = { namespace: "ipman-system", name: "charon-a", resourceVersion: "1" };
  const deployment: KubeObject = { apiVersion: "apps/v1", kind: "Deployment", metadata };
  const objects = new Map([["ipman-system/charon-a", deployment]]);
  const desired = { connections: new Map() };
  const complete = { synced: true, whole: true, changes: NEVER, touched: NEVER };
  using deployments = new Deployments({
    client: {} as KubeClient,
    cluster: { ...complete, groups: new Map(), desired } as unknown as Cluster,
    deployments: { ...complete, objects, version: 1n } as unknown as ObjectStore<KubeObject>,
    settings: {} as DeploymentSettings,
    writes: pLimit(1),
    onBreakdown: (_, error) => assert.fail(String(error)),
  });
  mock.timers.tick(100);
  assert.deepEqual([...deployments.actors.keys()], ["ipman-system/charon-a"]);
  mock.timers.reset();
});
