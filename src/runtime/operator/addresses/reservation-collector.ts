import { auditTime, filter, merge, Subject, Subscription, timer } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { workerPods } from "../../../adapters/kubernetes/live-pods.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ConnectionReservations } from "../../../model/addresses/connection-reservations.ts";
import {
  newest,
  seenReservations,
  versionsByAddress,
} from "../../../model/addresses/seen-reservations.ts";
import { trimmedPod, type Pod } from "../../../model/kubernetes/worker-pod.ts";
import type { Clock } from "../../time/clock.ts";
import type { ReservationStore } from "./reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";
import { ReservationAges } from "./reservation-ages.ts";

export interface ReservationCollectorOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly store: ReservationStore;
  readonly clock: Clock;
  /** A reservation without a pod ends after so many milliseconds: no request takes longer. */
  readonly ttlMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/** A pod that waits for an address may get that of a pod that ended. */
const freeMs = 250;
/** After a pod came: should it end while no replica watches, its address is free at once. */
const seenMs = 1_000;
const lookMs = 5_000;
/** A replica that does not lead leaves a reservation to the leader for so long. */
const patienceMs = 10_000;

/**
 * Ends the reservations of addresses: those whose pod never came or ended, and those whose pod
 * is there where no write for others has ended them; and deletes the store of connections that
 * are gone. Every replica does so, after the leader had its time.
 */
export class ReservationCollector implements Disposable {
  readonly ages: ReservationAges;
  readonly #options: ReservationCollectorOptions;
  readonly #subscription = new Subscription();
  readonly #led = new Subject<void>();
  /** Since when connections are gone that have a reservations, by this replica's monotonic clock. */
  readonly #goneSince = new Map<string, number>();
  #leads = false;
  #busy = false;
  /** Whether something happened while it was busy. */
  #again = false;

  constructor(options: ReservationCollectorOptions) {
    this.#options = options;
    const { cluster, clock, ttlMs } = options;
    this.ages = new ReservationAges({ cluster, clock, keepMs: 2 * ttlMs });
    const { changes, deletions } = cluster.workers;
    const come = changes.pipe(
      filter(({ type }) => type === "put" || type === "all"),
      auditTime(seenMs),
    );
    this.#subscription.add(
      merge(this.#led, deletions.pipe(auditTime(freeMs)), come, timer(0, lookMs))
        .pipe(filter(() => cluster.synced))
        .subscribe(() => void this.#look()),
    );
  }

  /** From now on this replica is the first to end what is over. */
  lead(): void {
    this.#leads = true;
    this.#led.next();
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.ages[Symbol.dispose]();
  }

  get #patience(): number {
    return this.#leads ? 0 : patienceMs;
  }

  async #look(): Promise<void> {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#again && !this.#subscription.closed) {
      this.#again = false;
      await this.#lookThrough();
    }
    this.#busy = false;
  }

  async #lookThrough(): Promise<void> {
    const { cluster, store, onTrouble } = this.#options;
    for (const { connection, problem } of Array.from(cluster.reservations.all)) {
      if (problem !== undefined) continue;
      const reservations = store.newest(connection);
      const isEmpty = Object.keys(reservations.pending).length === 0;
      await (isEmpty ? this.#discard(reservations) : this.#tidy(connection)).catch(onTrouble);
    }
    this.ages.forget();
    for (const id of this.#goneSince.keys()) {
      if (cluster.reservations.of(id) === undefined) this.#goneSince.delete(id);
    }
  }

  /**
   * Of a connection that is gone for good. Its version of pods is needed for a while: a replica
   * that is behind might take what a pod still has.
   */
  async #discard({ connection, metadata }: ConnectionReservations): Promise<void> {
    const { client, cluster, clock, ttlMs } = this.#options;
    if (cluster.object(connection) !== undefined) {
      this.#goneSince.delete(connection);
      return;
    }
    const now = clock.elapsed();
    const since = this.#goneSince.get(connection) ?? now;
    this.#goneSince.set(connection, since);
    if (now - since < ttlMs + this.#patience) return;
    await client.delete(resourceTypes.ConfigMap, metadata, metadata);
  }

  #tidy(id: string): Promise<void> {
    const { cluster, store, ttlMs } = this.#options;
    const ages = this.ages;
    return store.amend<void>(id, async (reservations) => {
      const due = this.#due(reservations);
      const { change, others } = seenReservations(due, [...cluster.workersOf(id)]);
      const { ended = [], rest = [] } = Object.groupBy(others, (entry) =>
        ages.hasEnded(id, ...entry) ? "ended" : "rest",
      );
      const old = rest.filter((entry) => ages.age(id, ...entry) >= ttlMs + this.#patience);
      const end = { ...change.end, ...Object.fromEntries([...ended, ...old]) };
      if (old.length === 0) return { change: { ...change, end }, result: undefined };
      const taken = await this.#taken(id);
      const versions = old.map(([address]) => taken.get(address) ?? 0n);
      const podsVersion = newest(change.podsVersion ?? reservations.podsVersion, versions);
      return { change: { end, podsVersion }, result: undefined };
    });
  }

  /** With only what this replica may end by now. */
  #due(reservations: ConnectionReservations): ConnectionReservations {
    const least = this.#patience;
    if (least === 0) return reservations;
    const { connection, pending } = reservations;
    const due = Object.entries(pending).filter(
      (entry) => this.ages.age(connection, ...entry) >= least,
    );
    return { ...reservations, pending: Object.fromEntries(due) };
  }

  /** Asks the API server itself: a view that is behind would free what a pod has. */
  async #taken(id: string): Promise<ReadonlyMap<string, bigint>> {
    const { client } = this.#options;
    const pods: Pod[] = [];
    const { type, ...selector } = workerPods;
    await client.list(type, {}, selector, (object) => pods.push(trimmedPod(object)));
    return versionsByAddress(id, pods);
  }
}
