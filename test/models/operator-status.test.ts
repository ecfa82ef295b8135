import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec } from "../../lab/sites/manifests.ts";
import type { EventRecorder } from "../../src/adapters/kubernetes/events.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { impliedGroup, type Group } from "../../src/model/api/group.ts";
import type { ConnectionStatusPart } from "../../src/model/kubernetes/connection-resource.ts";
import { groupPod, type GroupPod } from "../../src/model/kubernetes/group-pod.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, groupLabels, label } from "../../src/model/kubernetes/labels.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { GroupPods } from "../../src/runtime/operator/status/group-pods.ts";
import { OperatorReporter } from "../../src/runtime/operator/status/operator-reporter.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";
import { operatorView } from "../simulator/operator-view.ts";

const { IPSecConnection, Pod } = resourceTypes;
const namespace = "ipman-system";
const [groupA, groupB] = ["node-a", "node-b"].map(impliedGroup) as [Group, Group];
const paths = [{ name: "main" }, { name: "backup", nodeName: "node-b" }];

/** The reporter of a leading operator. */
class Operator implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly troubles: unknown[] = [];
  readonly #parts = new DisposableStack();

  constructor() {
    const client = this.api.client();
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const use = <T extends Disposable>(part: T) => this.#parts.use(part);
    const { cluster } = operatorView(client, namespace, this.#parts, onTrouble);
    const ofGroups = { type: Pod, namespace, labelSelector: `${label.type}!=xfrm` };
    const viewOfGroups = use(new ObjectStore<GroupPod>(client, ofGroups, { trim: groupPod }));
    const groupPods = use(new GroupPods(viewOfGroups));
    const events = { record: () => {} } as unknown as EventRecorder;
    const writes = backgroundWrites();
    const access = undefined;
    use(new OperatorReporter({ client, cluster, groupPods, access, events, writes, onTrouble }));
  }

  runs(group: Group, type: "charon" | "agent", isReady = true): void {
    const conditions = [{ type: "Ready", status: isReady ? "True" : "False" }];
    this.#pod(`${type}-${group.name}`, groupLabels(group, type), { conditions });
  }

  gateway(group: Group, podIP: string): void {
    const marks = { [annotation.connection]: "site", [annotation.child]: "child-2" };
    const status = { phase: "Running", podIP };
    this.#pod(`gateway-${group.name}`, groupLabels(group, "xfrm"), status, marks);
  }

  #pod(name: string, labels: Record<string, string>, status: object, annotations = {}): void {
    const metadata = { name, namespace, labels, annotations };
    this.api.put(Pod, { apiVersion: "v1", kind: "Pod", metadata, status } as KubeObject);
  }

  /** Writes the status of an agent that leads. */
  async reports(activePath: string, ready: "True" | "Unknown" = "True"): Promise<void> {
    const stated = { reason: "Ready", message: "", observedGeneration: 1 };
    const since = "2026-01-01T11:00:00Z";
    const conditions = [{ type: "Ready", status: ready, ...stated, lastTransitionTime: since }];
    const { apiVersion, kind } = IPSecConnection;
    const object = {
      apiVersion,
      kind,
      metadata: { name: "site" },
      status: { activePath, conditions },
    };
    const written = this.api
      .client()
      .apply(IPSecConnection, object as KubeObject, "ipman-agent", "status");
    await pass(10);
    await written;
  }

  get status(): ConnectionStatusPart {
    return (this.api.all(IPSecConnection)[0] as { status?: ConnectionStatusPart }).status ?? {};
  }

  condition(type: string): string {
    const found = this.status.conditions?.find((one) => one.type === type);
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

describe("the operator's part of the status of a connection with paths on two nodes", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** An operator with both nodes up, and the active path on the first one. */
  async function running(): Promise<Operator> {
    const operator = new Operator();
    const declared = connectionSpec("site", { nodeName: "node-a", paths });
    operator.api.put(IPSecConnection, declared as KubeObject);
    for (const group of [groupA, groupB])
      for (const type of ["charon", "agent"] as const) operator.runs(group, type);
    operator.gateway(groupA, "10.244.1.1");
    operator.gateway(groupB, "10.244.2.1");
    await pass(2_000);
    await operator.reports("main");
    await pass(3_000);
    return operator;
  }

  it("has the node and the gateway of the active path", async () => {
    using operator = await running();
    const shown = () => [operator.status.node, operator.status.xfrmGatewayIp];
    assert.deepEqual(shown(), ["node-a", { "child-2": "10.244.1.1" }]);
    assert.match(operator.condition("Placed"), /^True .*: charon and agent run on node-a, node-b$/);
    await operator.reports("backup");
    await pass(3_000);
    assert.deepEqual(shown(), ["node-b", { "child-2": "10.244.2.1" }]);
    assert.deepEqual(operator.troubles, []);
  });

  it("says that the state is unknown only if the agent of the active path is silent", async () => {
    using operator = await running();
    operator.runs(groupB, "agent", false);
    await pass(60_000);
    assert.match(operator.condition("Placed"), /^False InProgress: node-b: /);
    assert.match(operator.condition("Ready"), /^True Ready/);
    operator.runs(groupB, "agent");
    operator.runs(groupA, "agent", false);
    await pass(60_000);
    assert.match(operator.condition("Ready"), /^Unknown AgentSilent/);
    await operator.reports("backup");
    await pass(60_000);
    assert.match(operator.condition("Ready"), /^True Ready/);
    assert.match(operator.condition("Placed"), /^False InProgress: node-a: /);
    operator.runs(groupA, "agent");
    operator.runs(groupB, "agent", false);
    await pass(60_000);
    assert.match(operator.condition("Ready"), /^Unknown AgentSilent/);
  });
});
