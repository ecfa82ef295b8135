import type { Subscription } from "rxjs";
import type { Settled } from "../../machines/allocation.ts";
import type { AddressWish } from "../../model/allocation.ts";
import {
  ConnectionAddresses,
  gone,
  type ConnectionAddressesOptions,
} from "./connection-addresses.ts";

/** Gives addresses to pods that are about to be. */
export class Allocator implements Disposable {
  readonly #options: ConnectionAddressesOptions;
  readonly #connections = new Map<string, ConnectionAddresses>();
  readonly #subscription: Subscription;

  constructor(options: ConnectionAddressesOptions) {
    this.#options = options;
    const { cluster } = options;
    this.#subscription = cluster.changes.subscribe(() => {
      for (const id of this.#connections.keys())
        if (cluster.object(id) === undefined) this.#end(id);
    });
  }

  /** Chooses an address and reserves it. */
  allocate(connectionId: string, wish: AddressWish): Promise<Settled> {
    const known = this.#connections.get(connectionId);
    const addresses = known ?? new ConnectionAddresses(connectionId, this.#options);
    this.#connections.set(connectionId, addresses);
    return addresses.allocate(wish);
  }

  /** What would come of a wish; nothing is reserved. */
  tried(connectionId: string, wish: AddressWish): Settled {
    const { amender, cluster } = this.#options;
    const object = amender.newest(connectionId);
    return object === undefined ? gone : cluster.ledger(object).take(wish);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const id of this.#connections.keys()) this.#end(id);
  }

  #end(id: string): void {
    this.#connections.get(id)?.[Symbol.dispose]();
    this.#connections.delete(id);
  }
}
