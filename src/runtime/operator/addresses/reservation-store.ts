import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { KubeError, type KubeErrorCode } from "../../../adapters/kubernetes/client/kube-error.ts";
import { resourceTypes, wordsFor } from "../../../adapters/kubernetes/client/resource-type.ts";
import {
  changedReservations,
  emptyReservations,
  readReservations,
  reservationsConfigMap,
  type ConnectionReservations,
  type ReservationChange,
  type ReservationsPlace,
} from "../../../model/addresses/connection-reservations.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import { Refusal } from "../../ports/refusal.ts";
import type { Cluster } from "../state/cluster.ts";

const maxAttempts = 12;

/**
 * Codes of a conflict: another replica wrote, created or deleted the ConfigMap since it was read.
 */
const conflicts: ReadonlySet<KubeErrorCode> = new Set(["conflict", "exists", "not-found"]);

/** A change of a connection's reservations, with the result for the caller. */
interface Decision<T> {
  readonly change: ReservationChange;
  readonly result: T;
}

/** Reads and changes the reservations of connections, by compare-and-swap. */
export class ReservationStore {
  readonly #client: KubeClient;
  readonly #cluster: Cluster;
  readonly #place: ReservationsPlace;
  /** As last written or read here: for a moment newer than the cluster's view. */
  readonly #latest = new Map<string, ConnectionReservations>();

  constructor(client: KubeClient, cluster: Cluster, place: ReservationsPlace) {
    this.#client = client;
    this.#cluster = cluster;
    this.#place = place;
  }

  /**
   * Writes the changes that `decide` makes to a connection's reservations. If another replica wrote
   * meanwhile, the reservations are read again and `decide` runs again.
   *
   * @throws Refusal if the reservations cannot be read
   * @throws KubeError if the API server does not store them
   */
  async update<T>(
    id: string,
    decide: (reservations: ConnectionReservations) => Promise<Decision<T>>,
  ): Promise<T> {
    let reservations = this.newest(id);
    for (let attempt = 1; ; attempt++) {
      const { change, result } = await decide(readable(reservations));
      const changed = changedReservations(reservations, change);
      if (changed === undefined) return result;
      try {
        this.#latest.set(id, await this.#write(changed));
        return result;
      } catch (error) {
        const isConflict = error instanceof KubeError && conflicts.has(error.code);
        if (!isConflict || attempt === maxAttempts) throw error;
        reservations = await this.#read(id);
      }
    }
  }

  /** The newest reservations of a connection that this replica knows. */
  newest(id: string): ConnectionReservations {
    const { reservations } = this.#cluster;
    const latest = this.#latest.get(id);
    if (latest !== undefined && reservations.version < versionOf(latest)) return latest;
    this.#latest.delete(id);
    return reservations.of(id) ?? emptyReservations(id, this.#place);
  }

  async #write(reservations: ConnectionReservations): Promise<ConnectionReservations> {
    const isNew = reservations.metadata.resourceVersion === undefined;
    const object = reservationsConfigMap(reservations);
    const type = resourceTypes.ConfigMap;
    const client = this.#client;
    const stored = await (isNew ? client.create(type, object) : client.replace(type, object));
    return readReservations(stored);
  }

  async #read(id: string): Promise<ConnectionReservations> {
    const empty = emptyReservations(id, this.#place);
    try {
      const stored = await this.#client.get(resourceTypes.ConfigMap, empty.metadata);
      const reservations = readReservations(stored);
      this.#latest.set(id, reservations);
      return reservations;
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
      this.#latest.delete(id);
      return empty;
    }
  }
}

function readable(reservations: ConnectionReservations): ConnectionReservations {
  const { metadata, problem } = reservations;
  if (problem === undefined) return reservations;
  const words = wordsFor(resourceTypes.ConfigMap, metadata);
  const remedy = "delete it while no pods are created: ipman creates it again";
  throw new Refusal(failure(Reason.Internal, `${words}: ${problem}; ${remedy}`));
}

function versionOf({ metadata }: ConnectionReservations): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}
