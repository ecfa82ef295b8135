import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { KubeError, type KubeErrorCode } from "../../../adapters/kubernetes/client/kube-error.ts";
import { resourceTypes, wordsFor } from "../../../adapters/kubernetes/client/resource-type.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import {
  bookObject,
  changedBook,
  emptyBook,
  readBook,
  type BookPlace,
  type ReservationBook,
  type ReservationChange,
} from "../../../model/addresses/reservation-book.ts";
import { Refusal } from "../../ports/refusal.ts";
import type { Cluster } from "../state/cluster.ts";

const attempts = 12;

/** Somebody else wrote meanwhile, or was the first, or deleted it. */
const outdated: ReadonlySet<KubeErrorCode> = new Set(["conflict", "exists", "not-found"]);

/** Changes the reservations of connections by compare-and-swap. */
export class Books {
  readonly #client: KubeClient;
  readonly #cluster: Cluster;
  readonly #place: BookPlace;
  /** What the last write gave: newer than the view for a moment. */
  readonly #latest = new Map<string, ReservationBook>();

  constructor(client: KubeClient, cluster: Cluster, place: BookPlace) {
    this.#client = client;
    this.#cluster = cluster;
    this.#place = place;
  }

  /**
   * Writes what `think` makes of a connection's book, if nobody wrote meanwhile; else it
   * thinks again.
   *
   * @throws Refusal where the book cannot be read
   */
  async amend<T>(
    id: string,
    think: (book: ReservationBook) => Promise<{ change: ReservationChange; result: T }>,
  ): Promise<T> {
    let book = this.newest(id);
    for (let attempt = 1; ; attempt++) {
      const { change, result } = await think(readable(book));
      const changed = changedBook(book, change);
      if (changed === undefined) return result;
      try {
        this.#latest.set(id, await this.#write(changed));
        return result;
      } catch (error) {
        if (!(error instanceof KubeError) || !outdated.has(error.code) || attempt === attempts)
          throw error;
        book = await this.#read(id);
      }
    }
  }

  /** The newest that is known here of a connection's. */
  newest(id: string): ReservationBook {
    const { books } = this.#cluster;
    const written = this.#latest.get(id);
    if (written !== undefined && books.version < versionOf(written)) return written;
    this.#latest.delete(id);
    return books.of(id) ?? emptyBook(id, this.#place);
  }

  async #write(book: ReservationBook): Promise<ReservationBook> {
    const isNew = book.metadata.resourceVersion === undefined;
    const object = bookObject(book);
    const type = resourceTypes.ConfigMap;
    const client = this.#client;
    return readBook(await (isNew ? client.create(type, object) : client.replace(type, object)));
  }

  async #read(id: string): Promise<ReservationBook> {
    const empty = emptyBook(id, this.#place);
    try {
      const found = readBook(await this.#client.get(resourceTypes.ConfigMap, empty.metadata));
      this.#latest.set(id, found);
      return found;
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
      this.#latest.delete(id);
      return empty;
    }
  }
}

function readable(book: ReservationBook): ReservationBook {
  if (book.problem === undefined) return book;
  const words = wordsFor(resourceTypes.ConfigMap, book.metadata);
  const wayOut = "delete it while no pods start: what is reserved is made anew";
  throw new Refusal(failure(Reason.Internal, `${words}: ${book.problem}; ${wayOut}`));
}

function versionOf({ metadata }: ReservationBook): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}
