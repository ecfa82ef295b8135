import { auditTime, filter, merge, Subject, Subscription, timer } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { workerPods } from "../../../adapters/kubernetes/live-pods.ts";
import type { ConnectionReservations } from "../../../model/addresses/connection-reservations.ts";
import {
  newest,
  seenReservations,
  versionsByAddress,
} from "../../../model/addresses/seen-reservations.ts";
import { trimmedPod, type Pod } from "../../../model/kubernetes/worker-pod.ts";
import type { Clock } from "../../time/clock.ts";
import type { Cluster } from "../state/cluster.ts";
import { ReservationAges } from "./reservation-ages.ts";
import type { ReservationStore } from "./reservation-store.ts";

export interface ReservationCollectorOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly store: ReservationStore;
  readonly clock: Clock;
  /** How long a reservation may lack a pod, in milliseconds: longer than any request takes. */
  readonly ttlMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/** After a pod ended: a pod that waits for an address may get this one. */
const afterEndMs = 250;
/** After a pod was created: should it end while no replica watches, its address is free at once. */
const afterCreationMs = 1_000;
const intervalMs = 5_000;
/** A replica that does not lead leaves a reservation to the leader for this time. */
const leaderFirstMs = 10_000;

/**
 * Ends the reservations that are over: the pod was never created, has ended, or exists and no
 * write for other pods has ended its reservation. Also deletes the ConfigMaps of connections that
 * were deleted. Every replica does so, after the leader had time to do it.
 */
export class ReservationCollector implements Disposable {
  readonly ages: ReservationAges;
  readonly #options: ReservationCollectorOptions;
  readonly #subscription = new Subscription();
  readonly #led = new Subject<void>();
  /** Deleted connections that have a ConfigMap: since when, by this replica's monotonic clock. */
  readonly #deletedSince = new Map<string, number>();
  #leads = false;
  #isCollecting = false;
  /** Whether to collect again once the collection that is under way has ended. */
  #isDue = false;

  constructor(options: ReservationCollectorOptions) {
    this.#options = options;
    const { cluster, clock, ttlMs } = options;
    this.ages = new ReservationAges({ cluster, clock, keepMs: 2 * ttlMs });
    const { changes, deletions } = cluster.workers;
    const created = changes.pipe(
      filter(({ type }) => type === "put" || type === "all"),
      auditTime(afterCreationMs),
    );
    this.#subscription.add(
      merge(this.#led, deletions.pipe(auditTime(afterEndMs)), created, timer(0, intervalMs))
        .pipe(filter(() => cluster.synced))
        .subscribe(() => void this.#collect()),
    );
  }

  /** Makes this replica the first to end reservations. */
  lead(): void {
    this.#leads = true;
    this.#led.next();
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.ages[Symbol.dispose]();
  }

  get #delayMs(): number {
    return this.#leads ? 0 : leaderFirstMs;
  }

  async #collect(): Promise<void> {
    this.#isDue = true;
    if (this.#isCollecting) return;
    this.#isCollecting = true;
    while (this.#isDue && !this.#subscription.closed) {
      this.#isDue = false;
      await this.#collectOnce();
    }
    this.#isCollecting = false;
  }

  async #collectOnce(): Promise<void> {
    const { cluster, store, onTrouble } = this.#options;
    for (const { connection, problem } of Array.from(cluster.reservations.all)) {
      if (problem !== undefined) continue;
      const reservations = store.newest(connection);
      const isEmpty = Object.keys(reservations.pending).length === 0;
      await (isEmpty ? this.#discard(reservations) : this.#endOver(connection)).catch(onTrouble);
    }
    this.ages.forget();
    for (const id of this.#deletedSince.keys()) {
      if (cluster.reservations.of(id) === undefined) this.#deletedSince.delete(id);
    }
  }

  /**
   * Deletes the ConfigMap of a connection some time after the connection. Until then, a replica
   * that is behind needs its version of pods: it might give an address that a pod still has.
   */
  async #discard({ connection, metadata }: ConnectionReservations): Promise<void> {
    const { client, cluster, clock, ttlMs } = this.#options;
    if (cluster.object(connection) !== undefined) {
      this.#deletedSince.delete(connection);
      return;
    }
    const now = clock.elapsed();
    const since = this.#deletedSince.get(connection) ?? now;
    this.#deletedSince.set(connection, since);
    if (now - since < ttlMs + this.#delayMs) return;
    await client.delete(resourceTypes.ConfigMap, metadata, metadata);
  }

  /** Ends the reservations of a connection that are over. */
  #endOver(id: string): Promise<void> {
    const { cluster, store, ttlMs } = this.#options;
    const ages = this.ages;
    return store.update<void>(id, async (reservations) => {
      const due = this.#due(reservations);
      const { change, others } = seenReservations(due, [...cluster.workersOf(id)]);
      const { ended = [], rest = [] } = Object.groupBy(others, (entry) =>
        ages.hasEnded(id, ...entry) ? "ended" : "rest",
      );
      const old = rest.filter((entry) => ages.age(id, ...entry) >= ttlMs + this.#delayMs);
      const end = { ...change.end, ...Object.fromEntries([...ended, ...old]) };
      if (old.length === 0) return { change: { ...change, end }, result: undefined };
      const held = await this.#heldAddresses(id);
      const versions = old.map(([address]) => held.get(address) ?? 0n);
      const podsVersion = newest(change.podsVersion ?? reservations.podsVersion, versions);
      return { change: { end, podsVersion }, result: undefined };
    });
  }

  /** The reservations except those that the leader may still end. */
  #due(reservations: ConnectionReservations): ConnectionReservations {
    const least = this.#delayMs;
    if (least === 0) return reservations;
    const { connection, pending } = reservations;
    const due = Object.entries(pending).filter(
      (entry) => this.ages.age(connection, ...entry) >= least,
    );
    return { ...reservations, pending: Object.fromEntries(due) };
  }

  /** Lists the pods at the API server: a view that is behind would free an address in use. */
  async #heldAddresses(id: string): Promise<ReadonlyMap<string, bigint>> {
    const { client } = this.#options;
    const pods: Pod[] = [];
    const { type, ...selector } = workerPods;
    await client.list(type, {}, selector, (object) => pods.push(trimmedPod(object)));
    return versionsByAddress(id, pods);
  }
}
