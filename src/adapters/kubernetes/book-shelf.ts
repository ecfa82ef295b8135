import { filter, map, type Observable } from "rxjs";
import {
  bookName,
  bookSelector,
  readBook,
  type ReservationBook,
} from "../../model/addresses/reservation-book.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { resourceTypes } from "./client/resource-type.ts";
import { ObjectStore } from "./client/object-store.ts";
import type { WatchOptions } from "./client/watch.ts";

/** The books of reservations that the API server has. */
export class BookShelf implements Disposable {
  readonly #view: ObjectStore<ReservationBook>;
  readonly #namespace: string;

  constructor(client: KubeClient, namespace: string, options: WatchOptions) {
    const wanted = { type: resourceTypes.ConfigMap, namespace, labelSelector: bookSelector };
    this.#view = new ObjectStore(client, wanted, { ...options, trim: readBook });
    this.#namespace = namespace;
  }

  get synced(): boolean {
    return this.#view.synced;
  }

  /** Emits the connection of each book that changed; undefined where any may have. */
  get touched(): Observable<string | undefined> {
    return this.#view.changes.pipe(
      filter(({ type }) => type !== "progress"),
      map((change) => ("object" in change ? change.object.connection : undefined)),
    );
  }

  /** Up to where it is complete. */
  get version(): bigint {
    return this.#view.version;
  }

  get all(): Iterable<ReservationBook> {
    return this.#view.objects.values();
  }

  /** A connection's. */
  of(connection: string): ReservationBook | undefined {
    return this.#view.objects.get(`${this.#namespace}/${bookName(connection)}`);
  }

  [Symbol.dispose](): void {
    this.#view[Symbol.dispose]();
  }
}
