import { auditTime, filter, map, merge, Subject, Subscription, type Observable } from "rxjs";
import type { StoredReservations } from "../../../adapters/kubernetes/stored-reservations.ts";
import type { Declared } from "../../../adapters/kubernetes/declared.ts";
import type { Change, ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Address, Family } from "../../../model/net/address.ts";
import type { Prefix } from "../../../model/net/prefix.ts";
import { Allocation } from "../../../model/addresses/allocation.ts";
import { groupIdOfPath, hasSeveralGroups, groupsOf, type Group } from "../../../model/api/group.ts";
import { pathNames } from "../../../model/api/path.ts";
import type { Failure } from "../../../model/status/failure.ts";
import { refusedGroups } from "../../../model/validation/node-networks.ts";
import type { Pod } from "../../../model/kubernetes/worker-pod.ts";
import { childRefKey } from "../../../model/api/child-ref.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import { keepEqual } from "../../../model/value/keep-equal.ts";
import type { ConnectionResource } from "../../../model/kubernetes/connection-resource.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { ConnectionReservations } from "../../../model/addresses/connection-reservations.ts";
import {
  desiredState,
  nothingDesired,
  type DesiredPlace,
  type DesiredState,
} from "../../desired/desired-state.ts";
import { gatewayIn, gatewaysByChild, type GatewaysByChild } from "./gateways-by-child.ts";
import { WorkersByConnection } from "./workers-by-connection.ts";

export interface ClusterViews {
  readonly declared: Declared;
  /** Every gateway pod that has an address and has not finished. */
  readonly gateways: ObjectStore<Pod>;
  /** Every worker pod that has not finished, by its metadata. */
  readonly workers: ObjectStore<Pod>;
  readonly reservations: StoredReservations;
  /** Networks of the cluster that stay outside of tunnels; none by default. */
  readonly outside?: readonly Prefix[];
}

/** Collects changes that follow each other closely. */
const gatherMs = 20;

/** An operator's view of its cluster, and the state derived from it. */
export class Cluster implements Disposable {
  readonly #views: ClusterViews;
  readonly #place: DesiredPlace;
  readonly #changes = new Subject<void>();
  readonly #subscription = new Subscription();
  /** Undefined until all manifests were read once: earlier, every object would seem unwanted. */
  #state: DesiredState | undefined;
  #groups: ReadonlyMap<string, Group> = new Map();
  #refused: ReadonlyMap<string, Failure> = new Map();
  /** Undefined after a gateway pod changed. */
  #gatewaysOf: GatewaysByChild | undefined;
  readonly #workers: WorkersByConnection;

  constructor(views: ClusterViews) {
    this.#views = views;
    this.#place = { scope: "cluster", outside: views.outside ?? [] };
    const { declared, gateways, workers } = views;
    this.#workers = new WorkersByConnection(workers);
    this.#subscription.add(
      declared.changes
        .pipe(
          filter(() => declared.synced),
          auditTime(gatherMs),
        )
        .subscribe(() => this.#updateState()),
    );
    this.#subscription.add(
      gateways.changes.subscribe(() => {
        this.#gatewaysOf = undefined;
        this.#changes.next();
      }),
    );
  }

  /** Emits after each change of a manifest or of a gateway. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /**
   * Emits after each change of a manifest, gateway, worker, status or reservation: the connection
   * that it concerns; undefined if it may concern any.
   */
  get touched(): Observable<string | undefined> {
    const statuses = this.#views.declared.connections.changes;
    return merge(
      this.#changes.pipe(map(() => undefined)),
      this.#workers.touched,
      this.reservations.touched,
      statuses.pipe(
        filter(isPut),
        map(({ object }) => object.metadata.name),
      ),
    );
  }

  get desired(): DesiredState {
    return this.#state ?? nothingDesired;
  }

  /**
   * Whether a valid version of every manifest is known. Otherwise, an invalid manifest may want
   * an object that seems unwanted.
   */
  get whole(): boolean {
    const { connections, groups } = this.#views.declared;
    return (
      connections.objects.size === this.desired.connections.size &&
      groups.objects.size === this.desired.groups.length
    );
  }

  /** The groups whose pods are created. */
  get groups(): ReadonlyMap<string, Group> {
    return this.#groups;
  }

  /** The groups whose pods are not created, and why. */
  get refused(): ReadonlyMap<string, Failure> {
    return this.#refused;
  }

  get workers(): ObjectStore<Pod> {
    return this.#views.workers;
  }

  get reservations(): StoredReservations {
    return this.#views.reservations;
  }

  /** Whether every view is complete and the state is derived from it. */
  get synced(): boolean {
    const { declared, gateways, workers, reservations } = this.#views;
    const isComplete = declared.synced && gateways.synced && workers.synced && reservations.synced;
    return isComplete && this.#state !== undefined;
  }

  /** A connection as the API server has it, with its status. */
  object(id: string): ConnectionResource | undefined {
    return this.#views.declared.connections.objects.get(id) as ConnectionResource | undefined;
  }

  /** Every connection, including those without a valid version. */
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

  /** The addresses of a connection that are not free, by its pods and by these reservations. */
  allocation(
    id: string,
    reservations: ConnectionReservations | undefined = this.reservations.of(id),
  ): Allocation {
    const connection = this.desired.connections.get(id);
    const used = connection === undefined ? new Map() : this.used(connection);
    const { pending = {}, services = {} } = reservations ?? {};
    const names = Object.entries(services).map(([address, owners]): [string, string] => [
      address,
      owners[0]?.service ?? "",
    ]);
    return new Allocation(used, Object.keys(pending), new Map(names));
  }

  /** The path that carries a connection's traffic by its status, or else the preferred one. */
  activePath(connection: Connection): string {
    const names = pathNames(connection);
    const reported = this.object(connection.id)?.status?.activePath;
    return names.find((name) => name === reported) ?? (names[0] as string);
  }

  /** The group of the path that carries a connection's traffic. */
  activeGroup(connection: Connection): string | undefined {
    return groupIdOfPath(connection, this.activePath(connection));
  }

  /**
   * The pod address of a child's gateway in a group, by default in that of the active path;
   * undefined until the gateway runs, and without an address of this family.
   */
  gatewayAddress(
    connection: Connection,
    child: Child,
    group = this.activeGroup(connection),
    family?: Family,
  ): Address | undefined {
    this.#gatewaysOf ??= gatewaysByChild(this.#views.gateways.objects.values());
    const key = childRefKey({ connection: connection.id, child: child.key });
    const isDivided = hasSeveralGroups(connection);
    return gatewayIn(this.#gatewaysOf.get(key) ?? [], group, isDivided, family);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#workers[Symbol.dispose]();
    this.#changes.complete();
  }

  #updateState(): void {
    const snapshot = this.#views.declared.snapshot();
    this.#state = desiredState(this.desired, snapshot, this.#place);
    const { groups, connections } = this.#state;
    const all = groupsOf(groups, connections.values());
    this.#refused = refusedGroups(all, snapshot.resources, connections);
    const accepted = new Map([...all].filter(([id]) => !this.#refused.has(id)));
    this.#groups = keepAllEqual(this.#groups, accepted);
    this.#changes.next();
  }
}

function isPut(change: Change<KubeObject>): change is Extract<typeof change, { key: string }> {
  return change.type === "put";
}

/** Keeps unchanged objects, so that values derived from them stay the same as well. */
function keepAllEqual<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>) {
  return new Map([...now].map(([id, value]) => [id, keepEqual(before.get(id), value)]));
}
