import { isDeepStrictEqual } from "node:util";
import { auditTime, merge, Subject, tap, type Observable } from "rxjs";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes, wordsFor } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ConnectionReservations } from "../../../model/addresses/connection-reservations.ts";
import { isProvenOfPods } from "../../../model/addresses/proven-address.ts";
import {
  availableChild,
  unavailable,
  type AvailabilityRule,
} from "../../../model/api/availability.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import { formatAddress, parseAddress, type Address } from "../../../model/net/address.ts";
import {
  plannedAddresses,
  type AddressCandidate,
  type AddressVerdict,
  type PlannedAddresses,
} from "../../../model/services/planned-addresses.ts";
import type { ServiceObject } from "../../../model/services/service-object.ts";
import { serviceProblem, type ServiceProblem } from "../../../model/services/service-reason.ts";
import type { ServiceRequest } from "../../../model/services/service-request.ts";
import type { AssignedService } from "../../../model/services/service-status.ts";
import { caughtUp } from "../addresses/caught-up.ts";
import type { ReservationStore } from "../addresses/reservation-store.ts";
import { WriteQueue } from "../addresses/write-queue.ts";
import type { Cluster } from "../state/cluster.ts";
import { requireGone } from "./require-gone.ts";
import type { ServiceViews } from "./service-views.ts";

export interface ServiceAddressesOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly store: ReservationStore;
  readonly clusterKey: Pick<ClusterKey, "current">;
  readonly views: ServiceViews;
  readonly rule: AvailabilityRule;
  /** Receives each failure of a write that differs from the one before; the write is retried. */
  readonly onTrouble: (error: unknown) => void;
}

/** Collects changes that follow each other closely. */
const gatherMs = 20;

const all = Symbol("every connection");

/** A verdict with the Service that it was made for. */
interface JudgedService {
  readonly uid: string;
  readonly request: ServiceRequest;
  readonly verdict: AddressVerdict;
}

/** Gives Services addresses of pools. The reservations of each connection have the truth. */
export class ServiceAddressAllocator implements Disposable {
  readonly #options: ServiceAddressesOptions;
  readonly #changes = new Subject<void>();
  /** By the connection's name and by the Service. */
  readonly #judged = new Map<string, ReadonlyMap<string, JudgedService>>();
  readonly #queues = new Map<string, WriteQueue<never, void>>();
  /** The last failure of each connection's writes since one succeeded. */
  readonly #failures = new Map<string, string>();
  readonly #touched = new Set<string | typeof all>();
  readonly #subscription;

  constructor(options: ServiceAddressesOptions) {
    this.#options = options;
    const { cluster, views } = options;
    const touched = merge(
      cluster.touched.pipe(tap((id) => this.#touched.add(id ?? all))),
      views.touched.pipe(tap((id) => this.#touched.add(id ?? all))),
    );
    this.#subscription = touched.pipe(auditTime(gatherMs)).subscribe(() => this.#compareTouched());
  }

  /** Emits when Services got, kept or lost addresses. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /** The address of a Service, or why it has none; undefined while that is not decided. */
  found(service: string): AssignedService | ServiceProblem | undefined {
    const requesting = this.#options.views.requesting.get(service);
    if (requesting === undefined) return undefined;
    const { object, result } = requesting;
    if (!result.ok) {
      const lines = result.problems.map(({ path, message }) => `${path}: ${message}`);
      return serviceProblem("InvalidService", lines.join("; "));
    }
    const request = result.value;
    if (this.#isUnread(request.connection)) return undefined;
    const target = this.targetOf(request);
    if (target === undefined)
      return serviceProblem("NotAvailable", unavailable(request, request.namespace));
    const judged = this.#judged.get(request.connection)?.get(service);
    if (judged === undefined || judged.uid !== object.metadata.uid) return undefined;
    if (!isDeepStrictEqual(judged.request, request)) return undefined;
    const { verdict } = judged;
    return verdict.ok ? { ok: true, request, ...target, address: verdict.address } : verdict;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const queue of this.#queues.values()) queue.end();
    this.#changes.complete();
  }

  /** Whether a connection exists without a valid version: its Services stay as they are. */
  #isUnread(id: string): boolean {
    const { cluster } = this.#options;
    return !cluster.desired.connections.has(id) && cluster.object(id) !== undefined;
  }

  /** The child that a request names, if the Service's namespace may use it. */
  targetOf(
    request: ServiceRequest,
  ): { readonly connection: Connection; readonly child: Child } | undefined {
    const { cluster, rule } = this.#options;
    return availableChild(cluster.desired.connections, request, request.namespace, rule);
  }

  #compareTouched(): void {
    const { cluster, views } = this.#options;
    if (!cluster.synced || !views.synced) return;
    const { connections } = cluster.desired;
    const ids = this.#touched.has(all) ? connections.keys() : (this.#touched as Set<string>);
    for (const id of ids) if (connections.has(id)) this.#compare(id, this.#candidates(id));
    this.#touched.clear();
    for (const id of this.#judged.keys()) if (!connections.has(id)) this.#forget(id);
    this.#changes.next();
  }

  #forget(id: string): void {
    this.#judged.delete(id);
    this.#failures.delete(id);
    this.#queues.get(id)?.end();
    this.#queues.delete(id);
  }

  /** Decides from what is stored, and writes if that has to change. */
  #compare(id: string, candidates: readonly AddressCandidate[]): void {
    const reservations = this.#options.store.newest(id);
    const { services = {} } = reservations;
    if (candidates.length === 0 && Object.keys(services).length === 0) {
      this.#judged.delete(id);
      return;
    }
    const planned = this.#plan(id, reservations, candidates);
    if (isDeepStrictEqual(planned.services, services)) this.#judge(id, candidates, planned);
    else this.#queueOf(id).requestWrite();
  }

  #judge(
    id: string,
    candidates: readonly AddressCandidate[],
    { verdicts }: PlannedAddresses,
  ): void {
    const judged = candidates.flatMap(({ request, uid }): [string, JudgedService][] => {
      const verdict = verdicts.get(request.service);
      return verdict === undefined ? [] : [[request.service, { uid, request, verdict }]];
    });
    this.#judged.set(id, new Map(judged));
  }

  #plan(
    id: string,
    reservations: ConnectionReservations,
    candidates: readonly AddressCandidate[],
  ): PlannedAddresses {
    const { cluster } = this.#options;
    const { services: before = {}, ...rest } = reservations;
    return plannedAddresses(
      before,
      candidates,
      (services) => cluster.allocation(id, { ...rest, services }),
      (child, address) => this.#isOfPod(id, child, address),
    );
  }

  /** Whether a pod proves that it has an address. Its annotations alone are not enough: a Service would lose it. */
  #isOfPod(id: string, child: Child, address: Address): boolean {
    const { cluster, clusterKey } = this.#options;
    const [connection, key] = [cluster.desired.connections.get(id), clusterKey.current];
    if (connection === undefined || key === undefined) return false;
    if (cluster.used(connection).get(child.key)?.has(formatAddress(address)) !== true) return false;
    return isProvenOfPods(address, cluster.workersOf(id), { connection, child }, key);
  }

  #queueOf(id: string): WriteQueue<never, void> {
    const known = this.#queues.get(id);
    if (known !== undefined) return known;
    const queue = new WriteQueue<never, void>({ write: () => this.#write(id), maxWaiting: 0 });
    this.#queues.set(id, queue);
    return queue;
  }

  async #write(id: string): Promise<readonly void[]> {
    const { store, cluster, views, client, onTrouble } = this.#options;
    try {
      const written = await store.update(id, async (reservations) => {
        await caughtUp(cluster, reservations);
        await requireGone(reservations.services ?? {}, views.services, client);
        if (reservations.servicesProblem !== undefined) onTrouble(lostRecord(reservations));
        const candidates = this.#candidates(id);
        const planned = this.#plan(id, reservations, candidates);
        return { change: { services: planned.services }, result: { candidates, planned } };
      });
      this.#failures.delete(id);
      this.#judge(id, written.candidates, written.planned);
    } catch (error) {
      this.#noteFailure(id, error);
      this.#queues.get(id)?.requestWrite();
      throw error;
    }
    this.#changes.next();
    return [];
  }

  /** Reports a failure unless it is the one before: a write is retried every second. */
  #noteFailure(id: string, error: unknown): void {
    const words = String(error);
    if (this.#subscription.closed || this.#failures.get(id) === words) return;
    this.#failures.set(id, words);
    this.#options.onTrouble(error);
  }

  /** The valid requests for a connection by Services that may use it. */
  #candidates(id: string): readonly AddressCandidate[] {
    const { views } = this.#options;
    return views.requestsFor(id).flatMap(({ object, request }) => {
      const target = this.targetOf(request);
      if (target === undefined) return [];
      const previous = request.kind === "exposed" ? ingressOf(object) : views.sourceOf(request);
      return [{ request, uid: object.metadata.uid ?? "", child: target.child, previous }];
    });
  }
}

/** Addresses of Services that another program broke: they are written again, as the Services show them. */
function lostRecord({ metadata, servicesProblem }: ConnectionReservations): Error {
  const words = wordsFor(resourceTypes.ConfigMap, metadata);
  return new Error(`${words}: ${servicesProblem}; ipman replaces it`);
}

function ingressOf({ status }: ServiceObject): Address | undefined {
  const [first] = status?.loadBalancer?.ingress ?? [];
  return parseAddress(first?.ip ?? "");
}
