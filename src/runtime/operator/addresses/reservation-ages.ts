import { Subscription } from "rxjs";
import { reservationKey } from "../../../model/addresses/reservation.ts";
import { reservationsOf } from "../../../model/addresses/seen-reservations.ts";
import type { Clock } from "../../time/clock.ts";
import type { Cluster } from "../state/cluster.ts";

export interface ReservationAgesOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** How long the end of a pod is remembered, in milliseconds. */
  readonly keepMs: number;
}

/**
 * How long this replica has known each reservation, and which pods it saw end, by its own
 * monotonic clock: the times that replicas write are never compared. Every replica notes both,
 * so that a new leader knows what happened while no replica led.
 */
export class ReservationAges implements Disposable {
  readonly #options: ReservationAgesOptions;
  /** By connection and {@link reservationKey}: when the reservation was first seen in the store. */
  readonly #firstSeen = new Map<string, ReadonlyMap<string, number>>();
  /**
   * The reservations of pods that ended, and when. The end of a pod may be seen before its
   * reservation, since pods and reservations are watched separately.
   */
  readonly #ended = new Map<string, number>();
  readonly #subscription = new Subscription();

  constructor(options: ReservationAgesOptions) {
    this.#options = options;
    const { cluster, clock } = options;
    this.#subscription.add(
      cluster.workers.deletions.subscribe((pod) => {
        for (const reservation of reservationsOf(pod))
          this.#ended.set(reservation, clock.elapsed());
      }),
    );
    this.#subscription.add(cluster.reservations.touched.subscribe((id) => this.#note(id)));
    this.#note(undefined);
  }

  /** How long this replica has known a reservation, in milliseconds. */
  age(connection: string, address: string, reservationId: string): number {
    const key = reservationKey(connection, address, reservationId);
    const since = this.#firstSeen.get(connection)?.get(key);
    return since === undefined ? 0 : this.#options.clock.elapsed() - since;
  }

  /** Whether this replica saw the pod of a reservation end. */
  hasEnded(connection: string, address: string, reservationId: string): boolean {
    return this.#ended.has(reservationKey(connection, address, reservationId));
  }

  /** Forgets the ends of pods that no reservation depends on any longer. */
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

  /** @param id the connection whose reservations changed; undefined if any may have */
  #note(id: string | undefined): void {
    const { reservations } = this.#options.cluster;
    if (id !== undefined) this.#noteConnection(id);
    else {
      const stored = Array.from(reservations.all, ({ connection }) => connection);
      for (const connection of new Set([...stored, ...this.#firstSeen.keys()]))
        this.#noteConnection(connection);
    }
  }

  #noteConnection(id: string): void {
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
