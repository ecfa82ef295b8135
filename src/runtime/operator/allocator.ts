import { Subscription } from "rxjs";
import type { Settled } from "../../machines/allocation.ts";
import type { AddressWish } from "../../model/allocation.ts";
import { findChild } from "../../model/connection.ts";
import { annotation } from "../../model/labels.ts";
import { holdingOf, type Pod } from "../../model/worker-pod.ts";
import {
  ConnectionAddresses,
  gone,
  type ConnectionAddressesOptions,
} from "./connection-addresses.ts";

/** Gives addresses to pods that are about to be. */
export class Allocator implements Disposable {
  readonly #options: ConnectionAddressesOptions;
  readonly #connections = new Map<string, ConnectionAddresses>();
  readonly #subscription = new Subscription();

  constructor(options: ConnectionAddressesOptions) {
    this.#options = options;
    const { cluster } = options;
    this.#subscription.add(
      cluster.changes.subscribe(() => {
        for (const id of this.#connections.keys())
          if (cluster.object(id) === undefined) this.#end(id);
      }),
    );
    this.#subscription.add(
      cluster.workers.changes.subscribe((change) => {
        if (change.type === "put" && change.before === undefined) this.#noteGiven(change.object);
      }),
    );
  }

  /** Chooses an address and reserves it. */
  allocate(connectionId: string, wish: AddressWish): Promise<Settled> {
    return this.#addressesOf(connectionId).allocate(wish);
  }

  /** What would come of a wish; nothing is reserved. */
  tried(connectionId: string, wish: AddressWish): Settled {
    const { books, cluster } = this.#options;
    if (cluster.object(connectionId) === undefined) return gone;
    return cluster.ledger(connectionId, books.newest(connectionId)).take(wish);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const id of this.#connections.keys()) this.#end(id);
  }

  #addressesOf(id: string): ConnectionAddresses {
    const addresses = this.#connections.get(id) ?? new ConnectionAddresses(id, this.#options);
    this.#connections.set(id, addresses);
    return addresses;
  }

  /** One that took just any address: the next may ask here. */
  #noteGiven(pod: Pod): void {
    const { annotations = {} } = pod.metadata;
    if (annotation.address in annotations || annotation.keepAddress in annotations) return;
    const holding = holdingOf(pod);
    const connection = this.#options.cluster.desired.connections.get(holding?.connection ?? "");
    const child = connection && findChild(connection, holding?.child ?? "");
    if (holding === undefined || connection === undefined || child === undefined) return;
    this.#addressesOf(connection.id).noteGiven(child, holding.pool);
  }

  #end(id: string): void {
    this.#connections.get(id)?.[Symbol.dispose]();
    this.#connections.delete(id);
  }
}
