import { Subscription } from "rxjs";
import type { Settled } from "../../../machines/allocation.ts";
import type { AddressRequest } from "../../../model/addresses/allocation.ts";
import { findChild } from "../../../model/api/connection.ts";
import type { Failure } from "../../../model/status/failure.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { heldAddressOf, type Pod } from "../../../model/kubernetes/worker-pod.ts";
import { Breakdowns } from "../../actors/breakdowns.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import {
  ConnectionAllocator,
  gone,
  type ConnectionAllocatorOptions,
} from "./connection-allocator.ts";

export interface AllocatorOptions extends ConnectionAllocatorOptions {
  readonly onBreakdown: OnBreakdown;
}

/**
 * Gives addresses to pods that are about to be. Where an exception ended the actor of a connection,
 * its pods are refused until a new actor starts after a backoff; what was prefetched ends in its
 * time.
 */
export class Allocator implements Disposable {
  readonly #options: AllocatorOptions;
  readonly #breakdowns: Breakdowns;
  readonly #connections = new Map<string, ConnectionAllocator>();
  readonly #subscription = new Subscription();

  constructor(options: AllocatorOptions) {
    this.#options = options;
    const { cluster, onBreakdown } = options;
    // The next request starts the actor.
    this.#breakdowns = new Breakdowns({ onBreakdown, restart: () => {} });
    this.#subscription.add(
      cluster.changes.subscribe(() => {
        for (const id of this.#connections.keys())
          if (cluster.object(id) === undefined) this.#end(id, gone);
      }),
    );
    this.#subscription.add(
      cluster.workers.changes.subscribe((change) => {
        if (change.type === "put" && change.before === undefined) this.#noteGiven(change.object);
      }),
    );
  }

  /** Chooses an address and reserves it. */
  allocate(connectionId: string, request: AddressRequest): Promise<Settled> {
    const failure = this.#breakdowns.failureOf(connectionId);
    if (failure !== undefined) return Promise.resolve(refusedBy(failure));
    return this.#addressesOf(connectionId).allocate(request);
  }

  /** What would come of a request; nothing is reserved. */
  tried(connectionId: string, request: AddressRequest): Settled {
    const { store, cluster } = this.#options;
    if (cluster.object(connectionId) === undefined) return gone;
    return cluster.allocation(connectionId, store.newest(connectionId)).take(request);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#breakdowns[Symbol.dispose]();
    for (const id of this.#connections.keys()) this.#end(id, gone);
  }

  #addressesOf(id: string): ConnectionAllocator {
    const known = this.#connections.get(id);
    if (known !== undefined) return known;
    const made: ConnectionAllocator = new ConnectionAllocator(id, this.#options, (error) => {
      if (this.#connections.get(id) === made) this.#breakDown(id, error);
    });
    this.#connections.set(id, made);
    return made;
  }

  /** One that took just any address: the next may ask here. */
  #noteGiven(pod: Pod): void {
    const { annotations = {} } = pod.metadata;
    if (annotation.address in annotations || annotation.keepAddress in annotations) return;
    const heldAddress = heldAddressOf(pod);
    const connection = this.#options.cluster.desired.connections.get(heldAddress?.connection ?? "");
    const child = connection && findChild(connection, heldAddress?.child ?? "");
    if (heldAddress === undefined || connection === undefined || child === undefined) return;
    if (this.#breakdowns.failureOf(connection.id) !== undefined) return;
    this.#addressesOf(connection.id).noteGiven(child, heldAddress.pool);
  }

  #breakDown(id: string, error: unknown): void {
    this.#breakdowns.restartLater(id, error);
    const failure = this.#breakdowns.failureOf(id);
    this.#end(id, failure === undefined ? gone : refusedBy(failure));
  }

  /** @param answer for the requests that wait */
  #end(id: string, answer: Settled): void {
    const addresses = this.#connections.get(id);
    this.#connections.delete(id);
    addresses?.end(answer);
  }
}

function refusedBy({ message }: Failure): Settled {
  return { ok: false, message, taken: false, unwritten: true };
}
