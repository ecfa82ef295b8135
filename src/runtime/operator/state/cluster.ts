import { isDeepStrictEqual } from "node:util";
import { auditTime, filter, map, merge, Subject, Subscription, type Observable } from "rxjs";
import type { BookShelf } from "../../../adapters/kubernetes/book-shelf.ts";
import type { Declared } from "../../../adapters/kubernetes/declared.ts";
import type { Change, ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Address } from "../../../model/net/address.ts";
import { Ledger } from "../../../model/addresses/allocation.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { podAddresses } from "../../../model/kubernetes/pod-addresses.ts";
import { groupsOf, type Group } from "../../../model/api/group.ts";
import type { Failure } from "../../../model/status/failure.ts";
import { refusedGroups } from "../../../model/validation/node-networks.ts";
import type { Pod } from "../../../model/kubernetes/worker-pod.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import type { ConnectionResource } from "../../../model/kubernetes/connection-resource.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { ReservationBook } from "../../../model/addresses/reservation-book.ts";
import { desiredState, nothingDesired, type DesiredState } from "../../desired/desired-state.ts";
import { WorkersByConnection } from "./workers-by-connection.ts";

export interface ClusterViews {
  readonly declared: Declared;
  /** Every live gateway pod that has an address. */
  readonly gateways: ObjectStore<Pod>;
  /** Every live worker pod; its metadata will do. */
  readonly workers: ObjectStore<Pod>;
  readonly books: BookShelf;
}

/** Changes that come close together are looked at once. */
const gatherMs = 20;

/** What an operator knows of its cluster, and what follows from it. */
export class Cluster implements Disposable {
  readonly #views: ClusterViews;
  readonly #changes = new Subject<void>();
  readonly #subscription = new Subscription();
  /** Undefined until all documents were looked at once: before, nothing would seem wanted. */
  #taken: DesiredState | undefined;
  #groups: ReadonlyMap<string, Group> = new Map();
  #refused: ReadonlyMap<string, Failure> = new Map();
  /** Addresses of gateways by connection and child; made anew when a pod of one changed. */
  #gatewayOf: ReadonlyMap<string, Address> | undefined;
  readonly #workers: WorkersByConnection;

  constructor(views: ClusterViews) {
    this.#views = views;
    const { declared, gateways, workers } = views;
    this.#workers = new WorkersByConnection(workers);
    this.#subscription.add(
      declared.changes
        .pipe(
          filter(() => declared.synced),
          auditTime(gatherMs),
        )
        .subscribe(() => this.#takeDeclared()),
    );
    this.#subscription.add(
      gateways.changes.subscribe(() => {
        this.#gatewayOf = undefined;
        this.#changes.next();
      }),
    );
  }

  /** Emits after each change of what is declared, or of a gateway. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /**
   * Emits after each change of anything, a worker's, a status and a reservation too: the
   * connection that it concerns, or undefined where it may be any.
   */
  get touched(): Observable<string | undefined> {
    const statuses = this.#views.declared.connections.changes;
    return merge(
      this.#changes.pipe(map(() => undefined)),
      this.#workers.touched,
      this.books.touched,
      statuses.pipe(
        filter(isPut),
        map(({ object }) => object.metadata.name),
      ),
    );
  }

  get desired(): DesiredState {
    return this.#taken ?? nothingDesired;
  }

  /**
   * Whether of every document that there is a version is known that is good. Otherwise what
   * is not wanted may be wanted by one that cannot be understood.
   */
  get whole(): boolean {
    const { connections, groups } = this.#views.declared;
    return (
      connections.objects.size === this.desired.connections.size &&
      groups.objects.size === this.desired.groups.length
    );
  }

  /** The groups that get pods. */
  get groups(): ReadonlyMap<string, Group> {
    return this.#groups;
  }

  /** The groups that get none, and why. */
  get refused(): ReadonlyMap<string, Failure> {
    return this.#refused;
  }

  get workers(): ObjectStore<Pod> {
    return this.#views.workers;
  }

  get books(): BookShelf {
    return this.#views.books;
  }

  /** Whether everything that there is was told once. */
  get synced(): boolean {
    const { declared, gateways, workers, books } = this.#views;
    const told = declared.synced && gateways.synced && workers.synced && books.synced;
    return told && this.#taken !== undefined;
  }

  /** A connection as the API has it, its status too. */
  object(id: string): ConnectionResource | undefined {
    return this.#views.declared.connections.objects.get(id) as ConnectionResource | undefined;
  }

  /** Every connection that there is, also one of which no version is good. */
  get ids(): Iterable<string> {
    return this.#views.declared.connections.objects.keys();
  }

  /** The pods that name a connection. */
  workersOf(id: string): Iterable<Pod> {
    return this.#workers.of(id);
  }

  /** By the child's key: address → the pod that has it. */
  used(connection: Connection): ReturnType<WorkersByConnection["used"]> {
    return this.#workers.used(connection);
  }

  /** The addresses of a connection that are taken, by its pods and by that book. */
  ledger(id: string, book: ReservationBook | undefined = this.books.of(id)): Ledger {
    const connection = this.desired.connections.get(id);
    const used = connection === undefined ? new Map() : this.used(connection);
    return new Ledger(used, Object.keys(book?.pending ?? {}));
  }

  /** The pod address of a child's gateway, once it is running. */
  gatewayAddress(connection: Connection, child: Child): Address | undefined {
    this.#gatewayOf ??= gatewayAddresses(this.#views.gateways.objects.values());
    return this.#gatewayOf.get(ownerOf(connection.id, child.key));
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#workers[Symbol.dispose]();
    this.#changes.complete();
  }

  #takeDeclared(): void {
    const snapshot = this.#views.declared.snapshot();
    this.#taken = desiredState(this.desired, snapshot, "cluster");
    const { groups, connections } = this.#taken;
    const all = groupsOf(groups, connections.values());
    this.#refused = refusedGroups(all, snapshot.resources, connections);
    const accepted = new Map([...all].filter(([id]) => !this.#refused.has(id)));
    this.#groups = keptWhereSame(this.#groups, accepted);
    this.#changes.next();
  }
}

function isPut(change: Change<KubeObject>): change is Extract<typeof change, { key: string }> {
  return change.type === "put";
}

/** The same object while nothing about it changed: what is made of it stays, too. */
function keptWhereSame<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>) {
  return new Map(
    [...now].map(([id, value]) => {
      const known = before.get(id);
      return [id, known !== undefined && isDeepStrictEqual(known, value) ? known : value];
    }),
  );
}

function gatewayAddresses(pods: Iterable<Pod>): Map<string, Address> {
  const addresses = new Map<string, Address>();
  for (const pod of pods) {
    const { annotations = {}, deletionTimestamp } = pod.metadata;
    const address = podAddresses(pod)?.underlay;
    if (deletionTimestamp !== undefined || address === undefined) continue;
    const owner = ownerOf(annotations[annotation.connection], annotations[annotation.child]);
    // Of several the first counts, as long as there are several.
    if (!addresses.has(owner)) addresses.set(owner, address);
  }
  return addresses;
}

function ownerOf(connection: string | undefined, child: string | undefined): string {
  return JSON.stringify([connection, child]);
}
