import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import type { ConnectionResource } from "../../model/connection-resource.ts";
import { reservationPatch, type ReservationChange } from "../../model/reservation-patch.ts";
import type { Cluster } from "./cluster.ts";

const attempts = 12;

/** Changes the reservations in the status of connections by compare-and-swap. */
export class StatusAmender {
  readonly #client: KubeClient;
  readonly #cluster: Cluster;
  /** What the last write gave: newer than the view for a moment. */
  readonly #latest = new Map<string, ConnectionResource>();

  constructor(client: KubeClient, cluster: Cluster) {
    this.#client = client;
    this.#cluster = cluster;
  }

  /**
   * Writes what `think` makes of the present status, if what that is about is still so; else
   * it thinks again.
   */
  async amend<T>(
    id: string,
    think: (object: ConnectionResource) => Promise<{ change: ReservationChange; result: T }>,
  ): Promise<T> {
    let base = this.newest(id) ?? (await this.#read(id));
    for (let attempt = 1; ; attempt++) {
      const { change, result } = await think(base);
      const patch = reservationPatch(base, change);
      if (patch.length === 0) return result;
      const place = { name: id, subresource: "status" } as const;
      try {
        const written = await this.#client.jsonPatch(resourceTypes.IPSecConnection, place, patch);
        this.#latest.set(id, written as ConnectionResource);
        return result;
      } catch (error) {
        if (!(error instanceof KubeError) || error.code !== "conflict" || attempt === attempts)
          throw error;
        base = await this.#read(id);
      }
    }
  }

  /** The newest that is known here of a connection. */
  newest(id: string): ConnectionResource | undefined {
    const seen = this.#cluster.object(id);
    const written = this.#latest.get(id);
    if (seen === undefined || written === undefined) return seen;
    if (seen.metadata.uid !== written.metadata.uid || versionOf(seen) >= versionOf(written)) {
      this.#latest.delete(id);
      return seen;
    }
    return written;
  }

  async #read(id: string): Promise<ConnectionResource> {
    const object = await this.#client.get<ConnectionResource>(resourceTypes.IPSecConnection, {
      name: id,
    });
    this.#latest.set(id, object);
    return object;
  }
}

function versionOf({ metadata }: ConnectionResource): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}
