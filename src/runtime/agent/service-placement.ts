import { auditTime, ReplaySubject, Subject, Subscription, type Observable } from "rxjs";
import type { Change, ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import type { Connection } from "../../model/api/connection.ts";
import { groupIdOf, placesOf } from "../../model/api/group.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import { childServicesOf, serviceRequestOf } from "../../model/services/child-services-of.ts";
import type { EndpointSlice } from "../../model/services/endpoint-slice.ts";
import { serviceKindOf, type ServiceObject } from "../../model/services/service-object.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import type { DesiredState } from "../desired/desired-state.ts";
import type { RefusedObjects } from "./refused-objects.ts";
import { SlicesByService } from "./slices-by-service.ts";

/** The part of an ObjectStore that Services are read from. */
export type WatchedStore<T extends KubeObject> = Pick<
  ObjectStore<T>,
  "objects" | "changes" | "synced"
> &
  Disposable;

export interface ServicePlacementOptions {
  readonly services: Omit<WatchedStore<ServiceObject>, keyof Disposable>;
  /** Begins to watch the EndpointSlices of the cluster. */
  readonly watchSlices: () => WatchedStore<EndpointSlice>;
  readonly desired: Observable<Pick<DesiredState, "connections">>;
  /** Verifies the addresses of remote Services. */
  readonly segmentKey: SegmentKey;
  /** The group of the agent, whose node has the gateways. */
  readonly groupId: string;
  readonly refused: Pick<RefusedObjects, "report">;
}

/**
 * How long gateways and workers wait for the first list of Services, in milliseconds: without the
 * permission to read them, tunnels do without.
 */
const patienceMs = 10_000;

/** Collects changes that follow each other closely: with thousands of Services, each costs milliseconds. */
const gatherMs = 50;

/** The Services of children. EndpointSlices are watched only while a Service concerns this agent. */
export class ServicePlacement implements Disposable {
  readonly #options: ServicePlacementOptions;
  /** It has no value before the lists were read: a gateway would lose the rules of its Services. */
  readonly #children = new ReplaySubject<ReadonlyMap<string, ChildServices>>(1);
  readonly #changed = new Subject<void>();
  readonly #subscription = new Subscription();
  readonly #patience: NodeJS.Timeout;
  #published: ReadonlyMap<string, ChildServices> | undefined;
  #connections: ReadonlyMap<string, Connection> | undefined;
  #workers: readonly Worker[] = [];
  #slices: WatchedSlices | undefined;

  constructor(options: ServicePlacementOptions) {
    this.#options = options;
    this.#patience = setTimeout(() => this.#publish(this.#published ?? new Map()), patienceMs);
    this.#subscription.add(
      options.desired.subscribe(({ connections }) => {
        this.#connections = connections;
        this.#update();
      }),
    );
    this.#subscription.add(
      options.services.changes.subscribe((change) => {
        if (concernsIpman(change)) this.#changed.next();
      }),
    );
    this.#subscription.add(this.#changed.pipe(auditTime(gatherMs)).subscribe(() => this.#update()));
  }

  /** By the `childRefKey` of children; unchanged values are the same objects. */
  get children(): Observable<ReadonlyMap<string, ChildServices>> {
    return this.#children;
  }

  /** Refuses Services that have the address of one of these. */
  respect(workers: Observable<readonly Worker[]>): void {
    this.#subscription.add(
      workers.subscribe((present) => {
        this.#workers = present;
        this.#update();
      }),
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#patience);
    this.#subscription.unsubscribe();
    this.#slices?.[Symbol.dispose]();
    this.#slices = undefined;
    this.#children.complete();
  }

  #update(): void {
    const { services: store, segmentKey, groupId, refused } = this.#options;
    const connections = this.#connections;
    if (connections === undefined || !store.synced) return;
    const services = new Map(
      store.objects.entries().filter(([, service]) => {
        const request = serviceRequestOf(service);
        return request !== undefined && connections.has(request.connection);
      }),
    );
    const slices = this.#watchedSlices(services);
    if (slices?.synced === false) return;
    const judged = childServicesOf(
      {
        services: services.values(),
        slicesOf: (service) => slices?.of(service) ?? [],
        connections,
        workers: this.#workers,
        key: segmentKey,
        nodeOf: (connection) =>
          placesOf(connection).find((place) => groupIdOf(place) === groupId)?.nodeName,
      },
      this.#published ?? new Map(),
    );
    refused.report(
      judged.refused.map(({ service, ...refusal }) => ({ ...refusal, object: service })),
    );
    this.#publish(judged.services);
  }

  /** Begins the watch with the first Service, and ends it after the last one. */
  #watchedSlices(services: ReadonlyMap<string, ServiceObject>): WatchedSlices | undefined {
    if (services.size === 0) {
      this.#slices?.[Symbol.dispose]();
      this.#slices = undefined;
    } else
      this.#slices ??= new WatchedSlices(this.#options.watchSlices(), () => this.#changed.next());
    if (this.#slices !== undefined) this.#slices.wanted = services;
    return this.#slices;
  }

  #publish(services: ReadonlyMap<string, ChildServices>): void {
    clearTimeout(this.#patience);
    if (services === this.#published) return;
    this.#published = services;
    this.#children.next(services);
  }
}

/** The EndpointSlices of the cluster, with those of each Service. */
class WatchedSlices implements Disposable {
  /** By `namespace/name`: the Services whose slices matter. */
  wanted: ReadonlyMap<string, unknown> = new Map();
  readonly #store: WatchedStore<EndpointSlice>;
  readonly #slices: SlicesByService;
  readonly #subscription: Subscription;

  constructor(store: WatchedStore<EndpointSlice>, onChange: () => void) {
    this.#store = store;
    this.#slices = new SlicesByService(store.objects);
    this.#subscription = store.changes.subscribe((change) => {
      const services = this.#slices.update(change);
      const isWanted = (service: string) => this.wanted.has(service);
      if (services === undefined || services.values().some(isWanted)) onChange();
    });
  }

  get synced(): boolean {
    return this.#store.synced;
  }

  /** The slices of a Service by their names. */
  of(service: string): readonly EndpointSlice[] {
    return this.#slices.of(service);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#store[Symbol.dispose]();
  }
}

function concernsIpman(change: Change<ServiceObject>): boolean {
  if (change.type === "progress") return false;
  if (change.type === "all") return true;
  const { object, before } = change;
  return [object, before].some((service) => service && serviceKindOf(service) !== undefined);
}
