import type {
  AdmissionRequest,
  Verdict,
} from "../../src/adapters/kubernetes/admission/admission-review.ts";
import { StoredReservations } from "../../src/adapters/kubernetes/stored-reservations.ts";
import { ClusterKey } from "../../src/adapters/kubernetes/cluster-key.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import { workerPods, podsWithAddress } from "../../src/adapters/kubernetes/live-pods.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import type { Wanted } from "../../src/adapters/kubernetes/client/watch.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { trimmedPod } from "../../src/model/kubernetes/worker-pod.ts";
import { PodAdmission } from "../../src/runtime/operator/admission/admit-pod.ts";
import { Allocator } from "../../src/runtime/operator/addresses/allocator.ts";
import { ReservationStore } from "../../src/runtime/operator/addresses/reservation-store.ts";
import { Cluster } from "../../src/runtime/operator/state/cluster.ts";
import { ReservationCollector } from "../../src/runtime/operator/addresses/reservation-collector.ts";
import type { KubeApi } from "./kube-api.ts";

export const ttlMs = 75_000;

const namespace = "ipman-system";

/** The parts of one operator replica that admit pods. */
export class Replica implements Disposable {
  readonly #parts = new DisposableStack();
  readonly #ended = Promise.withResolvers<void>();
  readonly admission: PodAdmission;
  readonly cluster: Cluster;
  readonly troubles: unknown[] = [];
  /** How far behind its watches are. */
  lagMs = 0;
  /** The kind whose watches are behind; undefined for all kinds. */
  lagging: string | undefined;

  /** How far its node's clock is ahead of the test's time. */
  skewMs = 0;
  readonly #collector: ReservationCollector;

  /** @param leads whether it is the leader, which ends reservations first */
  constructor(api: KubeApi, leads: boolean, rule = { requireAllowedNamespaces: false }) {
    const client = api.client((kind) => (kind === (this.lagging ?? kind) ? this.lagMs : 0));
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const declared = this.#parts.use(new Declared(client, { onTrouble }));
    const pods = (wanted: Wanted) =>
      this.#parts.use(new ObjectStore(client, wanted, { trim: trimmedPod }));
    const gateways = pods(podsWithAddress(`${label.type}=xfrm`));
    const workers = pods(workerPods);
    const reservations = this.#parts.use(new StoredReservations(client, namespace, { onTrouble }));
    const cluster = this.#parts.use(new Cluster({ declared, gateways, workers, reservations }));
    const store = new ReservationStore(client, cluster, { namespace, owner: undefined });
    const clock = { elapsed: () => Date.now(), date: () => Date.now() + this.skewMs };
    const allocator = this.#parts.use(
      new Allocator({
        cluster,
        store,
        clock,
        prefetchMs: ttlMs / 8,
        start: leads ? 0 : 0.5,
        onBreakdown: (id, error) => void this.troubles.push([id, error]),
      }),
    );
    const shared = { client, cluster, store, clock };
    this.#collector = this.#parts.use(new ReservationCollector({ ...shared, ttlMs, onTrouble }));
    if (leads) this.lead();
    const clusterKey = this.#parts.use(
      new ClusterKey({ client, namespace, creates: true, onTrouble }),
    );
    const image = { name: "ipman", pullPolicy: "Always" };
    this.cluster = cluster;
    const { ages } = this.#collector;
    const admitting = { cluster, allocator, store, ages, clusterKey, ...rule };
    this.admission = new PodAdmission({ ...admitting, image, vxlanPort: 4789 });
  }

  lead(): void {
    this.#collector.lead();
  }

  /** The pod as it is stored, or the message with which it is denied. */
  async admit(pod: KubeObject): Promise<{ pod: KubeObject } | { denied: string }> {
    return storedBy(await this.admission.admit(creationOf(pod)), pod);
  }

  /** Resolves when the replica ends: requests to it are not answered. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  [Symbol.dispose](): void {
    this.#ended.resolve();
    this.#parts.dispose();
  }
}

/** The request to create a pod. */
export function creationOf(pod: KubeObject): AdmissionRequest {
  const { namespace = "", name } = pod.metadata;
  const request = { uid: name, kind: { kind: "Pod" }, name, namespace, oldObject: null };
  return { ...request, operation: "CREATE", object: pod };
}

/** The pod as it is stored after a verdict, or the message with which it is denied. */
export function storedBy(
  verdict: Verdict,
  pod: KubeObject,
): { pod: KubeObject } | { denied: string } {
  if (!verdict.allowed) return { denied: verdict.message };
  if (verdict.patch === undefined) return { pod };
  const added = (path: string) => verdict.patch?.find((one) => one.path === path)?.value;
  const metadata = {
    ...pod.metadata,
    annotations: added("/metadata/annotations"),
    labels: added("/metadata/labels"),
  } as KubeObject["metadata"];
  return { pod: { ...pod, metadata } };
}

/** A pod that requests an address. */
export function asking(name: string, wish: Readonly<Record<string, string>> = {}): KubeObject {
  const annotations = {
    [annotation.connection]: "partner",
    [annotation.child]: "net",
    [annotation.pool]: "primary",
    ...wish,
  };
  const spec = { containers: [{ name: "main" }] };
  const metadata = { name, namespace: "default", annotations };
  return { apiVersion: "v1", kind: "Pod", metadata, spec } as KubeObject;
}

/** The pod of the gateway that requests wait for. */
export const gateway = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "gateway",
    namespace,
    labels: { [label.type]: "xfrm" },
    annotations: { [annotation.connection]: "partner", [annotation.child]: "net" },
  },
  status: { phase: "Running", podIP: "10.244.1.1" },
} as KubeObject;
