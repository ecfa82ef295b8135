import { BookShelf } from "../../src/adapters/kubernetes/book-shelf.ts";
import { ClusterKey } from "../../src/adapters/kubernetes/cluster-key.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import { holders, podsWithAddress } from "../../src/adapters/kubernetes/live-pods.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import type { Wanted } from "../../src/adapters/kubernetes/client/watch.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { trimmedPod } from "../../src/model/kubernetes/worker-pod.ts";
import { PodAdmission } from "../../src/runtime/operator/admission/admit-pod.ts";
import { Allocator } from "../../src/runtime/operator/addresses/allocator.ts";
import { Books } from "../../src/runtime/operator/addresses/books.ts";
import { Cluster } from "../../src/runtime/operator/state/cluster.ts";
import { Reservations } from "../../src/runtime/operator/addresses/reservations.ts";
import type { KubeApi } from "./kube-api.ts";

export const ttlMs = 75_000;

const namespace = "ipman-system";

/** The parts of an operator replica that admit pods. */
export class Replica implements Disposable {
  readonly #parts = new DisposableStack();
  readonly #ended = Promise.withResolvers<void>();
  readonly admission: PodAdmission;
  readonly cluster: Cluster;
  readonly troubles: unknown[] = [];
  /** The delay of its watches. */
  lagMs = 0;
  /** The only kind whose watches are delayed; all kinds if undefined. */
  lagging: string | undefined;

  /** How far its node's clock is ahead of the test's time, or behind it. */
  skewMs = 0;
  readonly #reservations: Reservations;

  /** @param leads whether it is the leader, which ends reservations first */
  constructor(api: KubeApi, leads: boolean, rule = { requireAllowedNamespaces: false }) {
    const client = api.client((kind) => (kind === (this.lagging ?? kind) ? this.lagMs : 0));
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const declared = this.#parts.use(new Declared(client, { onTrouble }));
    const pods = (wanted: Wanted) =>
      this.#parts.use(new ObjectStore(client, wanted, { trim: trimmedPod }));
    const gateways = pods(podsWithAddress(`${label.type}=xfrm`));
    const workers = pods(holders);
    const shelf = this.#parts.use(new BookShelf(client, namespace, { onTrouble }));
    const cluster = this.#parts.use(new Cluster({ declared, gateways, workers, books: shelf }));
    const books = new Books(client, cluster, { namespace, owner: undefined });
    const clock = { elapsed: () => Date.now(), date: () => Date.now() + this.skewMs };
    const allocator = this.#parts.use(
      new Allocator({
        cluster,
        books,
        clock,
        stockMs: ttlMs / 8,
        start: leads ? 0 : 0.5,
        onBreakdown: (id, error) => void this.troubles.push([id, error]),
      }),
    );
    const shared = { client, cluster, books, clock };
    this.#reservations = this.#parts.use(new Reservations({ ...shared, ttlMs, onTrouble }));
    if (leads) this.lead();
    const clusterKey = this.#parts.use(
      new ClusterKey({ client, namespace, creates: true, onTrouble }),
    );
    const image = { name: "ipman", pullPolicy: "Always" };
    this.cluster = cluster;
    const { ages } = this.#reservations;
    const admitting = { cluster, allocator, books, ages, clusterKey, ...rule };
    this.admission = new PodAdmission({ ...admitting, image, vxlanPort: 4789 });
  }

  lead(): void {
    this.#reservations.lead();
  }

  /** The pod as it is stored, or the reason of its denial. */
  async admit(pod: KubeObject): Promise<{ pod: KubeObject } | { denied: string }> {
    const { namespace = "", name } = pod.metadata;
    const request = { uid: name, kind: { kind: "Pod" }, name, namespace, oldObject: null };
    const verdict = await this.admission.admit({ ...request, operation: "CREATE", object: pod });
    if (!verdict.allowed) return { denied: verdict.message };
    const added = (path: string) => verdict.patch?.find((one) => one.path === path)?.value;
    const metadata = {
      ...pod.metadata,
      annotations: added("/metadata/annotations"),
      labels: added("/metadata/labels"),
    } as KubeObject["metadata"];
    return { pod: { ...pod, metadata } };
  }

  /** Resolves when the replica ends; requests that still wait get no answer. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  [Symbol.dispose](): void {
    this.#ended.resolve();
    this.#parts.dispose();
  }
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

/** The pod of the gateway for which pods wait. */
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
