import { Subscription } from "rxjs";
import { reservationKey } from "../../../model/addresses/reservation.ts";
import { reservationOf } from "../../../model/addresses/seen-reservations.ts";
import type { Clock } from "../../time/clock.ts";
import type { Cluster } from "../state/cluster.ts";

export interface ReservationAgesOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** For how long a pod's end is noted, in milliseconds. */
  readonly keepMs: number;
}

/**
 * How long this replica has known of each reservation, and which pods it saw end, by its own
 * monotonic clock: the times that replicas write are never compared. Every replica notes both,
 * so that one which begins to lead knows what happened while no replica led.
 */
export class ReservationAges implements Disposable {
  readonly #options: ReservationAgesOptions;
  /** By connection and {@link reservationKey}: when it was first seen in the store. */
  readonly #firstSeen = new Map<string, ReadonlyMap<string, number>>();
  /**
   * Reservations of pods that ended, and when: the reservation may be known here later than
   * its pod's end, since the store and pods are watched separately.
   */
  readonly #ended = new Map<string, number>();
  readonly #subscription = new Subscription();

  constructor(options: ReservationAgesOptions) {
    this.#options = options;
    const { cluster, clock } = options;
    this.#subscription.add(
      cluster.workers.deletions.subscribe((pod) => {
        const reservation = reservationOf(pod);
        if (reservation !== undefined) this.#ended.set(reservation, clock.elapsed());
      }),
    );
    this.#subscription.add(cluster.reservations.touched.subscribe((id) => this.#note(id)));
    this.#note(undefined);
  }

  /** For how long a reservation is known here, in milliseconds. */
  age(connection: string, address: string, reservationId: string): number {
    const now = this.#options.clock.elapsed();
    const since = this.#firstSeen
      .get(connection)
      ?.get(reservationKey(connection, address, reservationId));
    return since === undefined ? 0 : now - since;
  }

  /** Whether the pod of a reservation was here and ended. */
  hasEnded(connection: string, address: string, reservationId: string): boolean {
    return this.#ended.has(reservationKey(connection, address, reservationId));
  }

  /** Drops the ends that no reservation waits for any more. */
  forget(): void {
    const oldest = this.#options.clock.elapsed() - this.#options.keepMs;
    for (const [reservation, at] of this.#ended) {
      if (at > oldest) break;
      this.#ended.delete(reservation);
    }
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }

  #note(id: string | undefined): void {
    const { reservations } = this.#options.cluster;
    if (id !== undefined) this.#noteOne(id);
    else {
      const all = new Set([...reservations.all].map(({ connection }) => connection));
      for (const connection of new Set([...all, ...this.#firstSeen.keys()]))
        this.#noteOne(connection);
    }
  }

  #noteOne(id: string): void {
    const { cluster, clock } = this.#options;
    const before = this.#firstSeen.get(id);
    const entries = Object.entries(cluster.reservations.of(id)?.pending ?? {});
    const now = clock.elapsed();
    const seen = entries.map(([address, reservationId]): [string, number] => {
      const key = reservationKey(id, address, reservationId);
      return [key, before?.get(key) ?? now];
    });
    if (seen.length === 0) this.#firstSeen.delete(id);
    else this.#firstSeen.set(id, new Map(seen));
  }
}
