import { auditTime, filter, interval, merge, Subscription } from "rxjs";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { holders } from "../../adapters/kubernetes/live-pods.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import type { ReservationBook } from "../../model/reservation-book.ts";
import {
  newest,
  reservationKey,
  reservationOf,
  seenReservations,
  versionsByAddress,
} from "../../model/seen-reservations.ts";
import { trimmedPod, type Pod } from "../../model/worker-pod.ts";
import type { Books } from "./books.ts";
import type { Cluster } from "./cluster.ts";

export interface ReservationsOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly books: Books;
  /** A reservation without a pod ends after so many milliseconds: no request takes longer. */
  readonly ttlMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/** Whoever waits for an address may get that of a pod that went. */
const freeMs = 250;
/** Nobody waits for that of a pod that came: it ends with the next that is written. */
const lookMs = 5_000;

/**
 * Ends the reservations of addresses: those whose pod never came or went again, and those whose
 * pod is there where no write for others has ended them; and books of connections that are gone.
 * One replica does it, the leader.
 */
export class Reservations implements Disposable {
  readonly #options: ReservationsOptions;
  readonly #subscription = new Subscription();
  /**
   * Of pods that went, and when: the reservation may be known here later than its pod's end,
   * since reservations and pods are watched by themselves.
   */
  readonly #ended = new Map<string, number>();
  /** Since when connections are gone that have a book. */
  readonly #goneSince = new Map<string, number>();
  #busy = false;

  constructor(options: ReservationsOptions) {
    this.#options = options;
    const { cluster } = options;
    this.#subscription.add(
      cluster.workers.deletions.subscribe((pod) => {
        const reservation = reservationOf(pod);
        if (reservation !== undefined) this.#ended.set(reservation, Date.now());
      }),
    );
    this.#subscription.add(
      merge(cluster.workers.deletions.pipe(auditTime(freeMs)), interval(lookMs))
        .pipe(filter(() => cluster.synced && !this.#busy))
        .subscribe(() => void this.#lookThrough()),
    );
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }

  async #lookThrough(): Promise<void> {
    const { cluster, books, onTrouble } = this.#options;
    this.#busy = true;
    for (const { connection, problem } of [...cluster.books.all]) {
      if (problem !== undefined) continue;
      const book = books.newest(connection);
      const isEmpty = Object.keys(book.pending).length === 0;
      await (isEmpty ? this.#discard(book) : this.#tidy(connection)).catch(onTrouble);
    }
    this.#forget();
    this.#busy = false;
  }

  /** A reservation that is older than that ends by itself; a book that is gone needs no end. */
  #forget(): void {
    const { books } = this.#options.cluster;
    for (const id of this.#goneSince.keys()) {
      if (books.of(id) === undefined) this.#goneSince.delete(id);
    }
    const oldest = Date.now() - this.#options.ttlMs;
    for (const [reservation, at] of this.#ended) {
      if (at > oldest) break;
      this.#ended.delete(reservation);
    }
  }

  /**
   * Of a connection that is gone for good. Its version of pods is needed for a while: a replica
   * that is behind might take what a pod still has.
   */
  async #discard({ connection, metadata }: ReservationBook): Promise<void> {
    const { client, cluster, ttlMs } = this.#options;
    if (cluster.object(connection) !== undefined) {
      this.#goneSince.delete(connection);
      return;
    }
    const now = Date.now();
    const since = this.#goneSince.get(connection) ?? now;
    this.#goneSince.set(connection, since);
    if (now - since >= ttlMs) await client.delete(resourceTypes.ConfigMap, metadata, metadata);
  }

  #tidy(id: string): Promise<void> {
    const { cluster, books, ttlMs } = this.#options;
    return books.amend<void>(id, async (book) => {
      const { change, others } = seenReservations(book, [...cluster.workersOf(id)]);
      const { went = [], rest = [] } = Object.groupBy(others, (entry) =>
        this.#ended.has(reservationKey(id, entry)) ? "went" : "rest",
      );
      const oldest = Date.now() - ttlMs;
      // What is no time was written by nobody we know.
      const old = rest.filter(([, at]) => !(Date.parse(at) > oldest));
      const end = { ...change.end, ...Object.fromEntries([...went, ...old]) };
      if (old.length === 0) return { change: { ...change, end }, result: undefined };
      const taken = await this.#taken(id);
      const versions = old.map(([address]) => taken.get(address) ?? 0n);
      const podsVersion = newest(change.podsVersion ?? book.podsVersion, versions);
      return { change: { end, podsVersion }, result: undefined };
    });
  }

  /** Asks the API server itself: a view that is behind would free what a pod has. */
  async #taken(id: string): Promise<ReadonlyMap<string, bigint>> {
    const { client } = this.#options;
    const pods: Pod[] = [];
    const { type, ...selector } = holders;
    await client.list(type, {}, selector, (object) => pods.push(trimmedPod(object)));
    return versionsByAddress(id, pods);
  }
}
