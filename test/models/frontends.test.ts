import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import type { GroupPod } from "../../src/model/kubernetes/group-pod.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import type { StatedCondition } from "../../src/model/status/condition.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { Frontends } from "../../src/runtime/operator/deployments/frontends.ts";
import { GroupPods } from "../../src/runtime/operator/status/group-pods.ts";
import { GroupReporter } from "../../src/runtime/operator/status/group-reporter.ts";
import { settings } from "../simulator/installation.ts";
import { KubeApi, type Denies } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";
import { operatorView } from "../simulator/operator-view.ts";

const { Service, CharonGroup } = resourceTypes;
const { namespace: home } = settings;

interface GroupStatus {
  readonly frontendServiceName?: string;
  readonly frontendAddress?: string;
  readonly conditions?: readonly StatedCondition[];
}

/** The parts of a leading operator that manage Services and report them. */
class Operator implements Disposable {
  readonly api: KubeApi;
  readonly troubles: unknown[] = [];
  readonly frontends: Frontends;
  denies: Denies = () => false;
  readonly #parts = new DisposableStack();
  #generation = 0;

  constructor(api = new KubeApi(() => 1)) {
    this.api = api;
    const client = this.api.client(undefined, (...request) => this.denies(...request));
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const use = <T extends Disposable>(part: T) => this.#parts.use(part);
    const { declared, cluster } = operatorView(client, home, this.#parts, onTrouble);
    const none = { type: resourceTypes.Pod, labelSelector: "none" };
    const groupPods = use(new GroupPods(use(new ObjectStore<GroupPod>(client, none))));
    const shared = { client, cluster, writes: backgroundWrites(), onTrouble };
    const onBreakdown = (_: string, error: unknown) => onTrouble(error);
    this.frontends = use(new Frontends({ ...shared, settings, onBreakdown }));
    use(new GroupReporter({ ...shared, declared, groupPods, frontends: this.frontends }));
  }

  declare(spec: object): void {
    this.api.put(CharonGroup, {
      ...this.api.all(CharonGroup)[0],
      apiVersion: "ipman.dialo.ai/v1",
      kind: "CharonGroup",
      metadata: { name: "edge", namespace: "vpn", generation: ++this.#generation },
      spec: { hostNetwork: false, nodeName: "node-a", ...spec },
    } as KubeObject);
  }

  get services(): readonly (KubeObject & { readonly spec: Record<string, unknown> })[] {
    return this.api.all(Service) as Operator["services"][number][];
  }

  /** Changes the Service as a controller of load balancers does. */
  change(changes: object): void {
    const [service] = this.services;
    assert.ok(service !== undefined);
    this.api.put(Service, { ...service, ...changes } as KubeObject);
  }

  get writes(): number {
    return this.api.written.filter((words) => words.startsWith("Service ")).length;
  }

  get status(): GroupStatus {
    return (this.api.all(CharonGroup)[0] as { status?: GroupStatus }).status ?? {};
  }

  get condition(): StatedCondition | undefined {
    return this.status.conditions?.find(({ type }) => type === "FrontendReady");
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

const balanced = { frontendServiceType: "LoadBalancer" };
const ingress = [{ ip: "192.0.2.10" }];

describe("the Service in front of a CharonGroup's charon", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("is created in the operator's namespace, and its address reported", async () => {
    using operator = new Operator();
    operator.declare(balanced);
    await pass(3_000);
    const [service, ...more] = operator.services;
    assert.equal(service?.metadata.namespace, home);
    assert.deepEqual(more, []);
    assert.equal(operator.status.frontendServiceName, service.metadata.name);
    assert.equal(operator.status.frontendAddress, undefined);
    assert.equal(operator.condition?.reason, "FrontendPending");
    operator.change({ status: { loadBalancer: { ingress } } });
    await pass(3_000);
    assert.equal(operator.status.frontendAddress, "192.0.2.10");
    assert.equal(operator.condition?.status, "True");
    assert.deepEqual(operator.troubles, []);
  });

  it("does not exist for a group that declares none", async () => {
    using operator = new Operator();
    operator.declare({});
    await pass(3_000);
    assert.deepEqual(operator.services, []);
    assert.equal(operator.condition, undefined);
    assert.deepEqual(Object.keys(operator.status).toSorted(), ["conditions", "observedGeneration"]);
  });

  it("is not written again when another program changes it, and is created after a deletion", async () => {
    using operator = new Operator();
    operator.declare(balanced);
    await pass(3_000);
    const [service] = operator.services;
    assert.ok(service !== undefined);
    for (let port = 30_000; port < 30_010; port++) {
      const ports = [{ name: "ike", protocol: "UDP", port: 500, nodePort: port }];
      operator.change({ spec: { ...service.spec, ports, loadBalancerClass: "cloud" } });
      await pass(200);
    }
    assert.equal(operator.writes, 1);
    operator.api.remove(Service, service.metadata);
    await pass(1_000);
    assert.equal(operator.services.length, 1);
    assert.equal(operator.writes, 2);
  });

  it("follows the manifest, and is deleted after charon had time to end its SAs", async () => {
    using operator = new Operator();
    operator.declare(balanced);
    await pass(3_000);
    operator.change({ status: { loadBalancer: { ingress } } });
    operator.declare({ ...balanced, frontendExternalTrafficPolicy: "Cluster" });
    await pass(3_000);
    assert.equal(operator.services[0]?.spec["externalTrafficPolicy"], "Cluster");
    operator.declare({});
    await pass(10_000);
    assert.equal(operator.services.length, 1);
    await pass(10_000);
    assert.deepEqual(operator.services, []);
    assert.equal(operator.status.frontendAddress || undefined, undefined);
  });

  it("stays while a new version of the manifest is invalid", async () => {
    using operator = new Operator();
    operator.declare(balanced);
    await pass(3_000);
    operator.declare({ ...balanced, frontendLoadBalancerIP: "lb.example.org" });
    await pass(30_000);
    assert.equal(operator.services.length, 1);
    const invalid = operator.status.conditions?.find(({ type }) => type === "SpecValid");
    assert.match(invalid?.message ?? "", /spec\.frontendLoadBalancerIP/);
  });

  it("stays while a leader that knows no valid version of the manifest cannot decide", async () => {
    using first = new Operator();
    first.declare(balanced);
    await pass(3_000);
    first.declare({ ...balanced, frontendLoadBalancerIP: "lb.example.org" });
    first[Symbol.dispose]();
    using second = new Operator(first.api);
    await pass(30_000);
    assert.equal(second.services.length, 1);
  });

  it("is reported to have changed when the API server refuses it", async () => {
    using operator = new Operator();
    operator.denies = (verb, type) => verb === "patch" && type.kind === "Service";
    await pass(1_000);
    let changes = 0;
    const subscription = operator.frontends.changes.subscribe(() => changes++);
    operator.declare(balanced);
    await pass(100);
    subscription.unsubscribe();
    assert.equal(changes, 1);
  });

  it("has the reason of a refusal in the group's status until it can be written", async () => {
    using operator = new Operator();
    operator.denies = (verb, type) => verb === "patch" && type.kind === "Service";
    operator.declare(balanced);
    await pass(3_000);
    assert.equal(operator.condition?.reason, "FrontendRefused");
    assert.ok(operator.troubles.length < 10, `${operator.troubles.length} attempts in 3 s`);
    operator.denies = () => false;
    await pass(60_000);
    assert.equal(operator.condition.reason, "FrontendPending");
    assert.equal(operator.services.length, 1);
  });

  it("leaves the reported address until a new leader has read the Services", async () => {
    using first = new Operator();
    first.declare(balanced);
    await pass(3_000);
    first.change({ status: { loadBalancer: { ingress } } });
    await pass(3_000);
    first[Symbol.dispose]();
    using second = new Operator(first.api);
    second.denies = (_, type) => type.kind === "Service";
    await pass(5_000);
    assert.equal(second.status.frontendAddress, "192.0.2.10");
    assert.equal(second.condition?.status, "True");
  });
});
