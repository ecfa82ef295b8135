import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import type { GroupPod } from "../../src/model/kubernetes/group-pod.ts";
import type { StatedCondition } from "../../src/model/status/condition.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { DeclaredAdmission } from "../../src/runtime/operator/admission/admit-declared.ts";
import { GroupPods } from "../../src/runtime/operator/status/group-pods.ts";
import { GroupReporter } from "../../src/runtime/operator/status/group-reporter.ts";
import { Deployments } from "../../src/runtime/operator/deployments/deployments.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";
import { operatorView } from "../simulator/operator-view.ts";

const namespace = "ipman-system";
const image = { name: "ipman", pullPolicy: "Always" };
const settings = {
  namespace,
  owner: undefined,
  ipmanImage: image,
  charonImage: image,
  legacyCharonImage: image,
  pullSecrets: [],
  agentAccount: () => "agent",
  priorityClass: "",
  vxlanPort: 7789,
  charonSettings: {},
  clusterNetworks: [],
  requireSecretConsent: false,
  logLevel: "info",
};

/** The parts of a leading operator that create Deployments and validate manifests. */
class Operator implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly admission: DeclaredAdmission;
  readonly troubles: unknown[] = [];
  readonly #parts = new DisposableStack();

  constructor() {
    const client = this.api.client();
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const use = <T extends Disposable>(part: T) => this.#parts.use(part);
    const { declared, cluster } = operatorView(client, namespace, this.#parts, onTrouble);
    const deployments = use(
      new ObjectStore<KubeObject>(client, { type: resourceTypes.Deployment }, { onTrouble }),
    );
    const viewOfGroupPods = use(
      new ObjectStore<GroupPod>(client, { type: resourceTypes.Pod, labelSelector: "none" }),
    );
    const groupPods = use(new GroupPods(viewOfGroupPods));
    const writes = backgroundWrites();
    const made = { client, cluster, deployments, settings, writes };
    use(new Deployments({ ...made, onBreakdown: (_, error) => onTrouble(error) }));
    use(new GroupReporter({ client, declared, cluster, groupPods, writes, onTrouble }));
    const rule = { requireAllowedNamespaces: false };
    this.admission = new DeclaredAdmission({ cluster, declared, client }, rule);
  }

  declare(object: KubeObject): void {
    const isGroup = object.kind === "CharonGroup";
    this.api.put(isGroup ? resourceTypes.CharonGroup : resourceTypes.IPSecConnection, object);
  }

  /** The charons that the operator creates. */
  get charons(): string[] {
    return this.api
      .all(resourceTypes.Deployment)
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith("charon-"))
      .map((name) => name.replace(/-[0-9a-f]+$/, ""))
      .toSorted();
  }

  condition(group: string, type: string): StatedCondition | undefined {
    const object = this.api
      .all(resourceTypes.CharonGroup)
      .find(({ metadata }) => metadata.name === group);
    const { conditions = [] } =
      (object as { status?: { conditions?: StatedCondition[] } } | undefined)?.status ?? {};
    return conditions.find((one) => one.type === type);
  }

  async refusal(object: KubeObject, oldObject: KubeObject | null = null): Promise<string> {
    const operation = oldObject === null ? "CREATE" : "UPDATE";
    const { kind } = object;
    const verdict = await this.admission.admit({
      uid: "1",
      kind: { kind },
      operation,
      object,
      oldObject,
    });
    return verdict.allowed ? "" : verdict.message;
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

const at = (minute: number) => `2026-01-01T12:0${minute}:00Z`;

function group(name: string, minute: number, spec: object = {}): KubeObject {
  return {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { name, namespace: "tenant", creationTimestamp: at(minute) },
    spec: { hostNetwork: true, nodeName: "node-a", ...spec },
  } as KubeObject;
}

function onNode(name: string, minute: number, place: object = { nodeName: "node-a" }): KubeObject {
  const made = connectionSpec(name, place) as unknown as KubeObject;
  return { ...made, metadata: { ...made.metadata, creationTimestamp: at(minute) } };
}

describe("the network of a node", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("has the charon of the older declaration only, and the other declaration reports the reason", async () => {
    using operator = new Operator();
    operator.declare(onNode("bank", 1));
    operator.declare(group("mine", 2));
    await pass(6_000);
    assert.deepEqual(operator.charons, ["charon-node-node-a"]);
    const stalled = operator.condition("mine", "Stalled");
    assert.equal(stalled?.reason, "NodeOccupied");
    assert.match(
      stalled.message,
      /node-a already has the charon of the connections with nodeName node-a/,
    );
    assert.deepEqual(operator.troubles, []);
  });

  it("belongs to the next declaration after the one that had it was deleted", async () => {
    using operator = new Operator();
    operator.declare(group("first", 1));
    operator.declare(group("second", 2));
    await pass(6_000);
    assert.deepEqual(operator.charons, ["charon-tenant-first"]);
    operator.api.remove(resourceTypes.CharonGroup, { namespace: "tenant", name: "first" });
    await pass(30_000);
    assert.deepEqual(operator.charons, ["charon-tenant-second"]);
    assert.equal(operator.condition("second", "Stalled"), undefined);
  });

  it("is refused to a second declaration before the API server stores it", async () => {
    using operator = new Operator();
    operator.declare(group("first", 1));
    await pass(3_000);
    assert.match(
      await operator.refusal(group("second", 2)),
      /^spec.nodeName: .* CharonGroup tenant\/first/,
    );
    assert.match(
      await operator.refusal(onNode("bank", 2)),
      /^spec.nodeName: .* set groupRef to that CharonGroup instead/,
    );
    assert.equal(await operator.refusal(group("second", 2, { hostNetwork: false })), "");
    assert.equal(await operator.refusal(group("second", 2, { nodeName: "node-b" })), "");
    const groupRef = { namespace: "tenant", name: "first" };
    assert.equal(await operator.refusal(onNode("bank", 2, { groupRef })), "");
  });

  it("is refused to a path, and a CharonGroup of a path is kept", async () => {
    using operator = new Operator();
    const groupRef = { namespace: "tenant", name: "first" };
    operator.declare(group("first", 1));
    const paths = [{ name: "main" }, { name: "backup", groupRef }];
    operator.declare(onNode("bank", 2, { nodeName: "node-b", paths }));
    await pass(3_000);
    const second = [{ name: "main" }, { name: "backup", nodeName: "node-a" }];
    const children = { "child-7": childSpec(7) };
    assert.match(
      await operator.refusal(onNode("other", 3, { nodeName: "node-c", paths: second, children })),
      /^spec.paths\[1\].nodeName: .* set groupRef to that CharonGroup instead/,
    );
    const answer = operator.admission.admit({
      uid: "1",
      kind: { kind: "CharonGroup" },
      operation: "DELETE",
      object: null,
      oldObject: group("first", 1),
    });
    await pass(100);
    const verdict = await answer;
    assert.match(verdict.allowed ? "" : verdict.message, /used by bank/);
  });

  it("is not refused to the declaration that has it, or to connections of its charon", async () => {
    using operator = new Operator();
    operator.declare(onNode("bank", 1));
    operator.declare(group("younger", 2));
    await pass(3_000);
    const before = onNode("bank", 1);
    assert.equal(await operator.refusal(onNode("bank", 1), before), "");
    const children = { "child-7": childSpec(7) };
    const second = onNode("other", 3, { nodeName: "node-a", children });
    assert.equal(await operator.refusal(second), "");
    const moved = group("elsewhere", 3, { nodeName: "node-b" });
    operator.declare(moved);
    await pass(1_000);
    assert.match(await operator.refusal(group("elsewhere", 3), moved), /nodeName node-a/);
  });
});
