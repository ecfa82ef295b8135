import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { pino } from "pino";
import type { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../src/adapters/kubernetes/client/kube-error.ts";
import {
  resourceTypes,
  type ObjectPlace,
} from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeMeta, KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { GoOperatorExit } from "../../src/runtime/operator/deployments/go-operator-exit.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

const namespace = "ipman-system";
const { Pod } = resourceTypes;
const terminating = { deletionTimestamp: "2026-01-01T00:00:00Z" };

/** An API server with pods, and an ipman operator that starts. */
class World implements Disposable {
  readonly api = new KubeApi(() => 2);
  readonly lines: { level: number; msg: string; pods?: string[] }[] = [];
  readonly troubles: unknown[] = [];
  /** How long kubelet takes to end a pod; undefined if the pod never ends. */
  endingMs: number | undefined = 3_000;
  away = false;
  ended = 0;
  readonly #parts = new DisposableStack();

  put(name: string, labels: Readonly<Record<string, string>>, more: Partial<KubeMeta> = {}): void {
    const metadata = { name, namespace, labels, ...more };
    this.api.put(Pod, { apiVersion: "v1", kind: "Pod", metadata });
  }

  created(name: string, type: string, more: Partial<KubeMeta> = {}): void {
    this.put(name, { "ipman.dialo.ai/type": type, "ipman.dialo.ai/group": "node-a" }, more);
  }

  goOperator(more: Partial<KubeMeta> = {}): void {
    const labels = { "control-plane": "controller-manager" };
    const spec = { containers: [{ env: [{ name: "XFRMINION_IMAGE" }] }] };
    const metadata = { name: "ipman-go", namespace, labels, ...more };
    this.api.put(Pod, { apiVersion: "v1", kind: "Pod", metadata, spec } as KubeObject);
  }

  start(): GoOperatorExit {
    const write = (line: string) => void this.lines.push(JSON.parse(line) as World["lines"][0]);
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const onEnded = () => void this.ended++;
    const log = pino({ base: null }, { write });
    const client = this.#client();
    return this.#parts.use(new GoOperatorExit({ client, namespace, log, onTrouble, onEnded }));
  }

  get pods(): string[] {
    return this.api.all(Pod).map(({ metadata }) => metadata.name);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  /** Marks a pod as deleted; the pod is gone once its containers have ended. */
  #client(): KubeClient {
    const client = this.api.client();
    const refuse = () => Promise.reject(new KubeError("list Pod", "unavailable", 0, "no answer"));
    const remove = (_: unknown, place: ObjectPlace, { uid }: { uid?: string } = {}) => {
      const found = this.api.all(Pod).find(({ metadata }) => metadata.name === place.name);
      if (found === undefined) return Promise.resolve();
      assert.equal(uid, found.metadata.uid, "only the pod that was found");
      this.api.put(Pod, { ...found, metadata: { ...found.metadata, ...terminating } });
      if (this.endingMs !== undefined)
        setTimeout(() => this.api.remove(Pod, found.metadata), this.endingMs);
      return Promise.resolve();
    };
    const list: KubeClient["list"] = (...given) => (this.away ? refuse() : client.list(...given));
    return { list, delete: remove } as unknown as KubeClient;
  }
}

describe("the exit of the Go operator", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("delays nothing in a cluster without the Go operator", async () => {
    using world = new World();
    world.start();
    await pass(100);
    assert.equal(world.ended, 1);
    await pass(5_000);
    assert.equal(world.ended, 1);
    assert.deepEqual(world.lines, []);
  });

  it("deletes the Go operator's pods before Deployments are created", async () => {
    using world = new World();
    for (const type of ["charon", "restctl", "xfrm"]) world.created(`${type}-pod-a`, type);
    world.start();
    await pass(2_500);
    assert.equal(world.ended, 0);
    assert.equal(world.pods.length, 3);
    await pass(2_500);
    assert.equal(world.ended, 1);
    assert.deepEqual(world.pods, []);
    const pods = ["charon-pod-a", "restctl-pod-a", "xfrm-pod-a"];
    assert.deepEqual(
      world.lines.map(({ msg, pods: named }) => [msg, named]),
      [
        ["deleting pods that the Go operator left", pods],
        ["the pods of the Go operator have ended", pods],
      ],
    );
  });

  it("keeps the pods of ipman, of workloads, of other programs and of other namespaces", async () => {
    using world = new World();
    const type = { "ipman.dialo.ai/type": "charon" };
    world.put("ours", { ...type, "app.kubernetes.io/managed-by": "ipman" });
    world.put("worker", { "ipman.dialo.ai/worker": "child" });
    world.put("other", { "control-plane": "controller-manager" });
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "set", uid: "1" };
    world.put("owned", type, { ownerReferences: [owner] });
    world.put("elsewhere", type, { namespace: "other" });
    world.start();
    await pass(5_000);
    assert.equal(world.ended, 1);
    assert.equal(world.pods.length, 5);
    assert.deepEqual(world.lines, []);
  });

  it("deletes nothing while the Go operator runs, which would create it again", async () => {
    using world = new World();
    world.goOperator();
    world.created("charon-pod-a", "charon");
    world.start();
    await pass(45_000);
    assert.equal(world.ended, 0);
    assert.deepEqual(world.pods, ["ipman-go", "charon-pod-a"]);
    assert.equal(world.lines.length, 2, "a line every half minute");
    assert.match(world.lines[0]?.msg ?? "", /waiting for the Go operator to end.*delete its Depl/);
    assert.deepEqual(world.lines[0]?.pods, ["ipman-go"]);
    world.goOperator(terminating);
    await pass(3_000);
    assert.equal(world.pods.length, 2, "the Go operator may still act while it ends");
    world.api.remove(Pod, { namespace, name: "ipman-go" });
    await pass(6_000);
    assert.deepEqual(world.pods, []);
    assert.equal(world.ended, 1);
  });

  it("waits for pods that another replica deleted", async () => {
    using world = new World();
    world.created("charon-pod-a", "charon", terminating);
    world.start();
    await pass(2_500);
    assert.equal(world.ended, 0);
    world.api.remove(Pod, { namespace, name: "charon-pod-a" });
    await pass(2_000);
    assert.equal(world.ended, 1);
    assert.deepEqual(
      world.lines.map(({ msg, pods }) => [msg, pods]),
      [["the pods of the Go operator have ended", ["charon-pod-a"]]],
    );
  });

  it("waits a minute for pods on a lost node, and then reports them", async () => {
    using world = new World();
    world.endingMs = undefined;
    world.created("charon-pod-a", "charon");
    world.start();
    await pass(55_000);
    assert.equal(world.ended, 0);
    await pass(10_000);
    assert.equal(world.ended, 1);
    assert.match(world.lines.at(-1)?.msg ?? "", /have not ended: on their nodes/);
    assert.deepEqual(world.lines.at(-1)?.pods, ["charon-pod-a"]);
  });

  it("deletes the pods although the node of the Go operator is lost", async () => {
    using world = new World();
    world.goOperator(terminating);
    world.created("charon-pod-a", "charon");
    world.start();
    await pass(70_000);
    assert.deepEqual(world.pods, ["ipman-go"]);
    assert.equal(world.ended, 1);
  });

  it("retries until the API server answers", async () => {
    using world = new World();
    world.created("charon-pod-a", "charon");
    world.away = true;
    world.start();
    await pass(10_000);
    assert.equal(world.ended, 0);
    // A wait is half a second to a second, and shorter after the first failure.
    const attempts = world.troubles.length;
    assert.ok(attempts > 8 && attempts < 22, `${attempts} attempts in ten seconds`);
    world.away = false;
    await pass(6_000);
    assert.equal(world.ended, 1);
    assert.deepEqual(world.pods, []);
  });

  it("does nothing once ipman's operator ends", async () => {
    using world = new World();
    world.goOperator();
    const exit = world.start();
    await pass(1_500);
    exit[Symbol.dispose]();
    world.api.remove(Pod, { namespace, name: "ipman-go" });
    await pass(5_000);
    assert.equal(world.ended, 0);
  });
});
