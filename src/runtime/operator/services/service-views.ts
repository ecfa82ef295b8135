import { merge, mergeMap, type Observable } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { ObjectStore, type Change } from "../../../adapters/kubernetes/client/object-store.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { Result } from "../../../model/api/result.ts";
import { withoutManagedFields, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { parseAddress, type Address } from "../../../model/net/address.ts";
import { knownSlice, remoteSlices } from "../../../model/services/remote-slice.ts";
import { trimmedService, type ServiceObject } from "../../../model/services/service-object.ts";
import { serviceRequest, type ServiceRequest } from "../../../model/services/service-request.ts";
import { conditionOf } from "../../../model/services/service-status.ts";
import { keepEqual } from "../../../model/value/keep-equal.ts";

/** A Service that requests something of ipman. */
export interface RequestingService {
  readonly object: ServiceObject;
  readonly result: Result<ServiceRequest>;
}

/** A Service with a valid request. */
export interface ValidRequest {
  readonly object: ServiceObject;
  readonly request: ServiceRequest;
}

/** The Services of a cluster, and the EndpointSlices of those that lead to hosts of partners. */
export class ServiceViews implements Disposable {
  readonly services: ObjectStore<ServiceObject>;
  readonly slices: ObjectStore<KubeObject>;
  /** By `namespace/name`; undefined after a Service changed. */
  #requesting: ReadonlyMap<string, RequestingService> | undefined;
  #latest: ReadonlyMap<string, RequestingService> = new Map();
  #byConnection: ReadonlyMap<string, readonly ValidRequest[]> | undefined;
  /** The addresses in slices by Service; undefined after a slice changed. */
  #sources: ReadonlyMap<string, string> | undefined;
  readonly #parts = new DisposableStack();

  constructor(client: KubeClient, onTrouble: (error: unknown) => void) {
    const { Service, EndpointSlice } = resourceTypes;
    this.services = this.#parts.use(
      new ObjectStore<ServiceObject>(client, { type: Service }, { onTrouble, trim: trimmed }),
    );
    const own = { type: EndpointSlice, labelSelector: remoteSlices };
    const options = { onTrouble, trim: trimmedSlice };
    this.slices = this.#parts.use(new ObjectStore<KubeObject>(client, own, options));
    const changed = this.services.changes.subscribe(({ type }) => {
      if (type === "progress") return;
      this.#requesting = undefined;
      this.#byConnection = undefined;
    });
    this.#parts.defer(() => changed.unsubscribe());
    const moved = this.slices.changes.subscribe(({ type }) => {
      if (type !== "progress") this.#sources = undefined;
    });
    this.#parts.defer(() => moved.unsubscribe());
  }

  get synced(): boolean {
    return this.services.synced && this.slices.synced;
  }

  /** Emits the connections that the changed Services and slices name; undefined if any may be concerned. */
  get touched(): Observable<string | undefined> {
    return merge(this.services.changes, this.slices.changes).pipe(mergeMap(namedBy));
  }

  /** The Services that request something of ipman, valid or not, by `namespace/name`. */
  get requesting(): ReadonlyMap<string, RequestingService> {
    if (this.#requesting !== undefined) return this.#requesting;
    const requesting = new Map<string, RequestingService>();
    for (const [key, object] of this.services.objects) {
      const read = readRequest(object);
      if (read === false) continue;
      // The request is the same object also after a change of the status.
      const result = keepEqual(this.#latest.get(key)?.result, read);
      memo.set(object, result);
      requesting.set(key, { object, result });
    }
    this.#latest = requesting;
    this.#requesting = requesting;
    return requesting;
  }

  /** The valid requests that name a connection. */
  requestsFor(connection: string): readonly ValidRequest[] {
    this.#byConnection ??= Map.groupBy(
      this.requesting
        .values()
        .flatMap(({ object, result }) => (result.ok ? [{ object, request: result.value }] : [])),
      ({ request }) => request.connection,
    );
    return this.#byConnection.get(connection) ?? [];
  }

  /** The address in the slice of a remote Service. */
  sourceOf({ service }: ServiceRequest): Address | undefined {
    this.#sources ??= new Map(
      this.slices.objects
        .values()
        .map(knownSlice)
        .map((slice) => [slice.service, slice.source]),
    );
    return parseAddress(this.#sources.get(service) ?? "");
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

/** An object that names none emits an empty name: a Service may be invalid, and a slice unwanted. */
function namedBy(change: Change<KubeObject>): Iterable<string | undefined> {
  if (change.type === "progress") return [];
  if (change.type === "all") return [undefined];
  const { before, object } = change;
  const named = [before ?? object, object].map(
    ({ metadata }) => metadata.annotations?.[annotation.connection] ?? "",
  );
  return new Set(named);
}

/** The generation does not count changes of annotations, which a person could make: without it, all is compared. */
function trimmedSlice(object: KubeObject): KubeObject {
  const { metadata, ...rest } = withoutManagedFields(object);
  const { generation: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Keeps the condition of a Service that no longer requests anything: it has to be removed. */
function trimmed(object: KubeObject): ServiceObject {
  const service = trimmedService(object);
  const condition = conditionOf(object as ServiceObject);
  if (service.spec !== undefined || condition === undefined) return service;
  return { ...service, status: { conditions: [condition] } };
}

/** Memo of {@link serviceRequest}: objects are immutable. */
const memo = new WeakMap<ServiceObject, Result<ServiceRequest> | false>();

function readRequest(object: ServiceObject): Result<ServiceRequest> | false {
  const known = memo.get(object);
  if (known !== undefined) return known;
  const result = serviceRequest(object) ?? false;
  memo.set(object, result);
  return result;
}
