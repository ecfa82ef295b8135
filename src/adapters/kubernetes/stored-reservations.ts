import { filter, map, type Observable } from "rxjs";
import {
  reservationsName,
  reservationsSelector,
  readReservations,
  type ConnectionReservations,
} from "../../model/addresses/connection-reservations.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { resourceTypes } from "./client/resource-type.ts";
import { ObjectStore } from "./client/object-store.ts";
import type { WatchOptions } from "./client/watch.ts";

/** A view of the reservations that the API server has, by connection. */
export class StoredReservations implements Disposable {
  readonly #view: ObjectStore<ConnectionReservations>;
  readonly #namespace: string;

  constructor(client: KubeClient, namespace: string, options: WatchOptions) {
    const wanted = {
      type: resourceTypes.ConfigMap,
      namespace,
      labelSelector: reservationsSelector,
    };
    this.#view = new ObjectStore(client, wanted, { ...options, trim: readReservations });
    this.#namespace = namespace;
  }

  get synced(): boolean {
    return this.#view.synced;
  }

  /** Emits each connection whose reservations changed; undefined if any may have. */
  get touched(): Observable<string | undefined> {
    return this.#view.changes.pipe(
      filter(({ type }) => type !== "progress"),
      map((change) => ("object" in change ? change.object.connection : undefined)),
    );
  }

  /** The version up to which the view is complete. */
  get version(): bigint {
    return this.#view.version;
  }

  get all(): Iterable<ConnectionReservations> {
    return this.#view.objects.values();
  }

  /** The reservations of a connection; undefined if it has no ConfigMap. */
  of(connection: string): ConnectionReservations | undefined {
    return this.#view.objects.get(`${this.#namespace}/${reservationsName(connection)}`);
  }

  [Symbol.dispose](): void {
    this.#view[Symbol.dispose]();
  }
}
