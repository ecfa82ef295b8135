import { Subscription } from "rxjs";
import type { AddressRequest, AllocationResult } from "../../../model/addresses/allocation.ts";
import { findChild } from "../../../model/api/connection.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { heldAddressOf } from "../../../model/kubernetes/held-address.ts";
import { attachmentsOf, type PodAttachment } from "../../../model/kubernetes/pod-attachments.ts";
import { formatAddress } from "../../../model/net/address.ts";
import type { Prefix } from "../../../model/net/prefix.ts";
import { ConnectionAllocator, type ConnectionAllocatorOptions } from "./connection-allocator.ts";

/** An address with the id of its reservation. */
export interface ReservedAddress {
  readonly address: Prefix;
  readonly reservationId: string;
}

const connectionGone: AllocationResult = {
  ok: false,
  message: "the connection was deleted",
  taken: false,
};

/** Allocates addresses for the pods that this replica admits. */
export class Allocator implements Disposable {
  readonly #options: ConnectionAllocatorOptions;
  readonly #connections = new Map<string, ConnectionAllocator>();
  readonly #subscription = new Subscription();

  constructor(options: ConnectionAllocatorOptions) {
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
        if (change.type !== "put" || change.before !== undefined) return;
        for (const attachment of attachmentsOf(change.object)) this.#noteGiven(attachment);
      }),
    );
  }

  /** Chooses an address and reserves it. */
  allocate(connectionId: string, request: AddressRequest): Promise<AllocationResult> {
    return this.#allocatorOf(connectionId).allocate(request);
  }

  /** Ends the reservation of an address that no pod gets. */
  release(connectionId: string, { address, reservationId }: ReservedAddress): Promise<void> {
    return this.#allocatorOf(connectionId).release(formatAddress(address.address), reservationId);
  }

  /** The result that a request would have; reserves nothing. */
  dryRun(connectionId: string, request: AddressRequest): AllocationResult {
    const { store, cluster } = this.#options;
    if (cluster.object(connectionId) === undefined) return connectionGone;
    return cluster.allocation(connectionId, store.newest(connectionId)).take(request);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const id of this.#connections.keys()) this.#end(id);
  }

  #allocatorOf(id: string): ConnectionAllocator {
    const known = this.#connections.get(id);
    if (known !== undefined) return known;
    const made = new ConnectionAllocator(id, this.#options);
    this.#connections.set(id, made);
    return made;
  }

  /** Counts attachments that requested any address: this replica may admit the next one. */
  #noteGiven(attachment: PodAttachment): void {
    const { annotations } = attachment;
    if (annotation.address in annotations || annotation.keepAddress in annotations) return;
    const heldAddress = heldAddressOf(attachment);
    const { connections } = this.#options.cluster.desired;
    const connection = connections.get(heldAddress?.connection ?? "");
    const child = connection && findChild(connection, heldAddress?.child ?? "");
    if (heldAddress === undefined || connection === undefined || child === undefined) return;
    this.#allocatorOf(connection.id).noteGiven(child, heldAddress.pool);
  }

  #end(id: string): void {
    this.#connections.get(id)?.end(connectionGone);
    this.#connections.delete(id);
  }
}
