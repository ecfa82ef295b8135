import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { of } from "rxjs";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import type { ContainerRuntime } from "../../src/adapters/cri/sandbox.ts";
import { EventRecorder } from "../../src/adapters/kubernetes/events.ts";
import { podsWithAddress } from "../../src/adapters/kubernetes/live-pods.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import type { Connection } from "../../src/model/api/connection.ts";
import type { Worker } from "../../src/model/network/endpoint.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { parsePrefix, type Prefix } from "../../src/model/net/prefix.ts";
import { admittedPod, reservationProof } from "../../src/model/addresses/reservation.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { trimmedPod, type Pod } from "../../src/model/kubernetes/worker-pod.ts";
import { PodPlacement } from "../../src/runtime/agent/pod-placement.ts";
import { RefusedPods } from "../../src/runtime/agent/refused-pods.ts";
import { gateway } from "../simulator/admitting.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

const key = new SegmentKey(Buffer.alloc(32, 1));
const net = childSpec(2, { name: "net", ip_pools: { primary: ["10.0.2.10-10.0.2.19"] } });
const parsed = connectionFromCr(
  connectionSpec("partner", { children: { net }, nodeName: "node-a" }),
);
const connection = (parsed as { value: Connection }).value;
const unexpected = (error: unknown) => assert.fail(String(error));
const reservationId = "2026-01-02T03:04:05.006123456Z";

function workerPod(name: string, address: string, created: string, signedBy = key): KubeObject {
  const generateName = name.replace(/\w+$/, "");
  const admitted = admittedPod({ namespace: "default", generateName });
  const place = { connection: "partner", child: "net", pool: "primary" };
  const facts = { ...place, address: parsePrefix(address) as Prefix, reservationId };
  const annotations = {
    [annotation.connection]: "partner",
    [annotation.child]: "net",
    [annotation.pool]: "primary",
    [annotation.vxlanIp]: address,
    [annotation.reservedAt]: reservationId,
    [annotation.reservation]: reservationProof(signedBy, { ...admitted, ...facts }),
  };
  const labels = { [label.worker]: "net" };
  const meta = { name, generateName, namespace: "default", creationTimestamp: created };
  const status = { phase: "Running", podIP: "10.244.0.7" };
  const metadata = { ...meta, labels, annotations };
  return { apiVersion: "v1", kind: "Pod", metadata, status } as KubeObject;
}

/** The placement of an agent, with the workers that it publishes and the lines that it logs. */
class Agent implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly lines: string[] = [];
  readonly published: (readonly Worker[])[] = [];
  readonly #parts = new DisposableStack();

  /** The uids of the gateway pods whose namespaces were requested. */
  readonly asked: string[] = [];
  readonly #client = this.api.client();
  readonly #gateways = this.#view(`${label.type}=xfrm`);
  readonly #pods = this.#view(label.worker);

  /** Starts the placement, with the pods that its stores have by then. */
  start(): this {
    const events = new EventRecorder(this.#client, "ipman.dialo.ai/agent", unexpected);
    const onRefusal = (pod: string, why: string) => void this.lines.push(`${pod}: ${why}`);
    const sandboxPid = (uid: string) => Promise.resolve(void this.asked.push(uid));
    const placement = this.#parts.use(
      new PodPlacement({
        gateways: this.#gateways,
        workers: this.#pods,
        runtime: { sandboxPid } as unknown as ContainerRuntime,
        desired: of({ connections: new Map([[connection.id, connection]]) }),
        memory: { note: () => {}, takeOthers: () => [] },
        segmentKey: key,
        refused: new RefusedPods({ events, onRefusal }),
        onTrouble: unexpected,
      }),
    );
    placement.workers.subscribe((workers) => this.published.push(workers));
    return this;
  }

  get workers(): readonly string[] {
    return (this.published.at(-1) ?? []).map(({ id }) => id);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  #view(selector: string): ObjectStore<Pod> {
    const wanted = podsWithAddress(selector);
    return this.#parts.use(new ObjectStore(this.#client, wanted, { trim: trimmedPod }));
  }
}

describe("the workers that an agent attaches", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("are pods that the operator admitted; every other pod gets one log line and one event", async () => {
    using agent = new Agent().start();
    const other = new SegmentKey(Buffer.alloc(32, 2));
    agent.api.put(resourceTypes.Pod, workerPod("web-a", "10.0.2.10/24", "2026-01-02T03:04:06Z"));
    agent.api.put(
      resourceTypes.Pod,
      workerPod("evil-a", "10.0.2.11/24", "2026-01-02T03:04:06Z", other),
    );
    await pass(500);
    agent.api.put(resourceTypes.Pod, workerPod("web-b", "10.0.2.12/24", "2026-01-02T03:04:07Z"));
    await pass(500);
    assert.deepEqual(agent.workers, ["default/web-a", "default/web-b"]);
    assert.equal(agent.lines.length, 1);
    assert.match(agent.lines[0] ?? "", /^default\/evil-a: .* does not prove/);
    const [event, ...more] = agent.api.all(resourceTypes.Event) as unknown as {
      regarding: { name: string; kind: string };
      reason: string;
      note: string;
    }[];
    assert.deepEqual(more, []);
    assert.deepEqual([event?.regarding.kind, event?.regarding.name], ["Pod", "evil-a"]);
    assert.equal(event?.reason, "NotAttached");
    assert.doesNotMatch(event.note, /web-/);
  });

  it("stay the same objects in each update if a younger pod has the address of an older one", async () => {
    using agent = new Agent().start();
    agent.api.put(resourceTypes.Pod, workerPod("web-b", "10.0.2.10/24", "2026-01-02T03:04:07Z"));
    agent.api.put(resourceTypes.Pod, workerPod("web-a", "10.0.2.10/24", "2026-01-02T03:04:06Z"));
    await pass(500);
    const passes = agent.published.length;
    for (let n = 1; n < 5; n++) {
      const pod = workerPod("web-c", `10.0.2.1${n}/24`, "2026-01-02T03:04:08Z");
      agent.api.put(resourceTypes.Pod, pod);
      await pass(100);
    }
    const held = agent.published.slice(passes - 1).map((workers) => workers[0]);
    assert.ok(held.length >= 4);
    for (const worker of held) assert.equal(worker, held[0], "the same object");
    assert.equal(held[0]?.id, "default/web-a");
    assert.deepEqual(agent.lines, ["default/web-b: 10.0.2.10 is taken by an older pod"]);
    agent.api.remove(resourceTypes.Pod, { namespace: "default", name: "web-a" });
    await pass(100);
    assert.deepEqual(agent.workers.toSorted(), ["default/web-b", "default/web-c"]);
  });

  it("have a gateway that existed before the placement started", async () => {
    using agent = new Agent();
    agent.api.put(resourceTypes.Pod, gateway);
    await pass(500);
    agent.start();
    await pass(100);
    assert.ok(agent.asked.length > 0);
  });
});
