import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { KubeError, type KubeErrorCode } from "../../../adapters/kubernetes/client/kube-error.ts";
import { resourceTypes, wordsFor } from "../../../adapters/kubernetes/client/resource-type.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import {
  reservationsConfigMap,
  changedReservations,
  emptyReservations,
  readReservations,
  type ReservationsPlace,
  type ConnectionReservations,
  type ReservationChange,
} from "../../../model/addresses/connection-reservations.ts";
import { Refusal } from "../../ports/refusal.ts";
import type { Cluster } from "../state/cluster.ts";

const attempts = 12;

/** Somebody else wrote meanwhile, or was the first, or deleted it. */
const outdated: ReadonlySet<KubeErrorCode> = new Set(["conflict", "exists", "not-found"]);

/** Changes the reservations of connections by compare-and-swap. */
export class ReservationStore {
  readonly #client: KubeClient;
  readonly #cluster: Cluster;
  readonly #place: ReservationsPlace;
  /** What the last write gave: newer than the view for a moment. */
  readonly #latest = new Map<string, ConnectionReservations>();

  constructor(client: KubeClient, cluster: Cluster, place: ReservationsPlace) {
    this.#client = client;
    this.#cluster = cluster;
    this.#place = place;
  }

  /**
   * Writes what `think` makes of a connection's reservations, if nobody wrote meanwhile; else it
   * thinks again.
   *
   * @throws Refusal where the reservations cannot be read
   */
  async amend<T>(
    id: string,
    think: (
      reservations: ConnectionReservations,
    ) => Promise<{ change: ReservationChange; result: T }>,
  ): Promise<T> {
    let reservations = this.newest(id);
    for (let attempt = 1; ; attempt++) {
      const { change, result } = await think(readable(reservations));
      const changed = changedReservations(reservations, change);
      if (changed === undefined) return result;
      try {
        this.#latest.set(id, await this.#write(changed));
        return result;
      } catch (error) {
        if (!(error instanceof KubeError) || !outdated.has(error.code) || attempt === attempts)
          throw error;
        reservations = await this.#read(id);
      }
    }
  }

  /** The newest that is known here of a connection's. */
  newest(id: string): ConnectionReservations {
    const { reservations } = this.#cluster;
    const written = this.#latest.get(id);
    if (written !== undefined && reservations.version < versionOf(written)) return written;
    this.#latest.delete(id);
    return reservations.of(id) ?? emptyReservations(id, this.#place);
  }

  async #write(reservations: ConnectionReservations): Promise<ConnectionReservations> {
    const isNew = reservations.metadata.resourceVersion === undefined;
    const object = reservationsConfigMap(reservations);
    const type = resourceTypes.ConfigMap;
    const client = this.#client;
    return readReservations(
      await (isNew ? client.create(type, object) : client.replace(type, object)),
    );
  }

  async #read(id: string): Promise<ConnectionReservations> {
    const empty = emptyReservations(id, this.#place);
    try {
      const found = readReservations(
        await this.#client.get(resourceTypes.ConfigMap, empty.metadata),
      );
      this.#latest.set(id, found);
      return found;
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
      this.#latest.delete(id);
      return empty;
    }
  }
}

function readable(reservations: ConnectionReservations): ConnectionReservations {
  if (reservations.problem === undefined) return reservations;
  const words = wordsFor(resourceTypes.ConfigMap, reservations.metadata);
  const wayOut = "delete it while no pods start: what is reserved is made anew";
  throw new Refusal(failure(Reason.Internal, `${words}: ${reservations.problem}; ${wayOut}`));
}

function versionOf({ metadata }: ConnectionReservations): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}
