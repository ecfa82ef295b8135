import { BehaviorSubject, type Observable, Subscription } from "rxjs";
import { uplink } from "../../adapters/netlink/route-lookup.ts";
import { findPodNamespace } from "../../adapters/cri/pod-namespace.ts";
import type { HeldNamespace } from "../../adapters/linux/namespace.ts";
import type { ContainerRuntime } from "../../adapters/cri/sandbox.ts";
import type { KnownChild } from "../../adapters/host/known-child.ts";
import { removeLink } from "../../adapters/network/apply-links.ts";
import type { ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import { childRefKey, type ChildRef } from "../../model/api/child-ref.ts";
import { findChild, type Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { xfrmName } from "../../model/network/gateway-plan.ts";
import { annotation } from "../../model/kubernetes/labels.ts";
import { podAddresses, type PodAddresses } from "../../model/kubernetes/pod-addresses.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import type { Pod } from "../../model/kubernetes/worker-pod.ts";
import { workersOf } from "../../model/addresses/workers.ts";
import type { DesiredState } from "../desired/desired-state.ts";
import type { PlacementPort } from "../ports/ports.ts";
import type { ChildMemory } from "./child-memory.ts";
import type { RefusedPods } from "./refused-pods.ts";
import { RuntimeTrouble } from "./runtime-trouble.ts";

export interface PodPlacementOptions {
  /** The gateway pods of this group. */
  readonly gateways: ObjectStore<Pod>;
  /** The worker pods of the cluster. */
  readonly workers: ObjectStore<Pod>;
  readonly runtime: ContainerRuntime | undefined;
  readonly desired: Observable<Pick<DesiredState, "connections">>;
  readonly memory: Pick<ChildMemory, "note" | "takeOthers">;
  /** Verifies the reservations of workers. */
  readonly segmentKey: SegmentKey;
  readonly refused: RefusedPods;
  /** The Services of children; none by default. */
  readonly services?: PlacementPort["services"];
  readonly onTrouble: (error: unknown) => void;
}

/** The delay before the search for a namespace is repeated, in milliseconds. */
const againMs = 500;

/** Gateways and workers of a cluster: pods, with the gateways' namespaces on this node. */
export class PodPlacement implements PlacementPort, Disposable {
  readonly #options: PodPlacementOptions;
  readonly #gateways = new BehaviorSubject<readonly Gateway[]>([]);
  readonly #workers = new BehaviorSubject<readonly Worker[]>([]);
  /** Gateway pods by uid, with or without their namespace. */
  readonly #found = new Map<string, GatewayPod>();
  readonly #subscription = new Subscription();
  readonly #runtimeTrouble: RuntimeTrouble;
  #connections: ReadonlyMap<string, Connection> = new Map();
  #noted: ReadonlyMap<string, Connection> | undefined;

  constructor(options: PodPlacementOptions) {
    this.#options = options;
    const { gateways, workers, desired, onTrouble } = options;
    this.#runtimeTrouble = new RuntimeTrouble(onTrouble);
    this.#subscription.add(
      desired.subscribe(({ connections }) => {
        this.#connections = connections;
        this.#update();
      }),
    );
    this.#subscription.add(gateways.changes.subscribe(() => this.#lookForGateways()));
    this.#subscription.add(workers.changes.subscribe(() => this.#update()));
    // They may have been listed while the agent waited for the segment key.
    if (gateways.synced) this.#lookForGateways();
  }

  get gateways(): Observable<readonly Gateway[]> {
    return this.#gateways;
  }

  get workers(): Observable<readonly Worker[]> {
    return this.#workers;
  }

  get services(): PlacementPort["services"] {
    return this.#options.services;
  }

  /** Does nothing: the operator creates gateways, and the agent finds them. */
  ensureGateway(): void {}

  removeGateway(connectionId: string, childKey: string): void {
    this.#options.memory.takeOthers(
      ({ connection, child }) => connection !== connectionId || child !== childKey,
    );
  }

  prune(declared: ReadonlyMap<string, Connection>): number[] {
    const isDeclared = ({ connection, child, ifId }: KnownChild) =>
      declared.get(connection)?.children.find(({ key }) => key === child)?.ifId === ifId;
    return this.#options.memory.takeOthers(isDeclared).map(({ ifId }) => ifId);
  }

  /** Assigns pods to connections again after either changed. */
  #update(): void {
    const connections = this.#connections;
    this.#note(connections);
    const { workers: pods, segmentKey, refused: reporter } = this.#options;
    this.#publish();
    const gateways = new Map(
      this.#gateways.value.map((gateway) => [childRefKey(gateway), gateway]),
    );
    const { workers, refused } = workersOf(
      pods.objects.values(),
      connections,
      segmentKey,
      (child) => gateways.get(childRefKey(child)),
    );
    reporter.report(refused);
    this.#workers.next(workers);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const uid of Array.from(this.#found.keys())) this.#forget(uid);
    this.#gateways.complete();
    this.#workers.complete();
  }

  #note(connections: ReadonlyMap<string, Connection>): void {
    if (this.#noted === connections) return;
    this.#noted = connections;
    this.#options.memory.note(connections.values());
  }

  #lookForGateways(): void {
    const pods = [...this.#options.gateways.objects.values()].filter(isThere);
    const present = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const uid of this.#found.keys()) if (!present.has(uid)) this.#forget(uid);
    for (const pod of pods) if (!this.#found.has(pod.metadata.uid ?? "")) this.#lookFor(pod);
    this.#publishWithWorkers();
  }

  /** Publishes gateways and, if they changed, workers, which depend on the gateways' addresses. */
  #publishWithWorkers(): void {
    const before = this.#gateways.value;
    this.#publish();
    // Not before the first list of workers: an empty list would remove them from their gateways.
    const isListed = this.#noted !== undefined;
    if (isListed && this.#gateways.value !== before) this.#update();
  }

  #lookFor(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const addresses = podAddresses(pod) as PodAddresses;
    const found: GatewayPod = { pod, addresses, namespace: undefined, timer: undefined };
    this.#found.set(uid, found);
    void this.#search(uid, found);
  }

  /** Repeats until the namespace is found or the pod is gone. */
  async #search(uid: string, found: GatewayPod): Promise<void> {
    try {
      const { underlay, alternate } = found.addresses;
      const known = alternate === undefined ? [underlay] : [underlay, alternate];
      const namespace = await findPodNamespace({
        runtime: this.#options.runtime,
        uid,
        addresses: known,
        onRuntimeTrouble: (error) => this.#runtimeTrouble.report(error),
      });
      if (this.#found.get(uid) !== found) namespace?.[Symbol.dispose]();
      else found.namespace = namespace;
      if (found.namespace !== undefined) this.#publishWithWorkers();
    } catch (error) {
      this.#options.onTrouble(error);
    }
    const wanted = this.#found.get(uid) === found && found.namespace === undefined;
    if (wanted) found.timer = setTimeout(() => void this.#search(uid, found), againMs);
  }

  #forget(uid: string): void {
    const found = this.#found.get(uid);
    this.#found.delete(uid);
    clearTimeout(found?.timer);
    found?.namespace?.[Symbol.dispose]();
  }

  #publish(): void {
    const before = new Map(this.#gateways.value.map((gateway) => [gateway.id, gateway]));
    const newest = new Map<string, GatewayPod>();
    for (const found of this.#found.values()) {
      if (found.namespace === undefined) continue;
      const owner = childRefKey(childOf(found.pod));
      const rival = newest.get(owner);
      if (rival === undefined || isNewer(found.pod, rival.pod)) newest.set(owner, found);
    }
    const gateways = [...newest.values()].flatMap((found) => {
      const known = before.get(found.pod.metadata.uid ?? "");
      return known ?? this.#gateway(found, [...this.#found.values()]) ?? [];
    });
    const same = gateways.length === before.size && gateways.every(({ id }) => before.has(id));
    if (!same) this.#gateways.next(gateways);
  }

  #gateway(found: GatewayPod, all: readonly GatewayPod[]): Gateway | undefined {
    const { pod, addresses, namespace } = found;
    const { uid = "" } = pod.metadata;
    const ref = childOf(pod);
    const netns = namespace?.path ?? "";
    const link = uplink(netns, addresses.underlay.family);
    if (link === undefined) return undefined;
    this.#retire(found, all, ref);
    const { name: device, mtu } = link;
    return { id: uid, ...ref, ...addresses, netns, device, mtu };
  }

  /** Removes the xfrm interface from former gateways: there can be only one for an if_id. */
  #retire(found: GatewayPod, all: readonly GatewayPod[], ref: ChildRef): void {
    const connection = this.#connections.get(ref.connection);
    const child = connection && findChild(connection, ref.child);
    if (child === undefined) return;
    for (const other of all) {
      if (other === found || other.namespace === undefined) continue;
      if (childRefKey(childOf(other.pod)) === childRefKey(ref))
        removeLink(other.namespace.path, xfrmName(child));
    }
  }
}

interface GatewayPod {
  readonly pod: Pod;
  readonly addresses: PodAddresses;
  namespace: HeldNamespace | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Whether a pod has its network. */
function isThere(pod: Pod): boolean {
  return podAddresses(pod) !== undefined;
}

function isNewer(a: Pod, b: Pod): boolean {
  const going = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;
  if (going(a) !== going(b)) return going(b);
  return (a.metadata.creationTimestamp ?? "") > (b.metadata.creationTimestamp ?? "");
}

/** The child whose gateway a pod is, by the annotations that the operator wrote. */
function childOf({ metadata: { annotations = {} } }: Pod): ChildRef {
  const { [annotation.connection]: connection = "", [annotation.child]: child = "" } = annotations;
  return { connection, child };
}
