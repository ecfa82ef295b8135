import { filter, firstValueFrom, startWith, timeout } from "rxjs";
import { createActor, fromPromise, type ActorRefFrom } from "xstate";
import { allocationMachine, type ReserveOrder, type Settled } from "../../machines/allocation.ts";
import { formatAddress } from "../../model/address.ts";
import type { AddressWish } from "../../model/allocation.ts";
import type { ConnectionResource } from "../../model/connection-resource.ts";
import { reservationStamp } from "../../model/reservation.ts";
import { failure, Reason } from "../../model/failure.ts";
import { refusing, Refusal } from "../refusal.ts";
import type { StatusAmender } from "./amend-status.ts";
import type { Cluster } from "./cluster.ts";

/** How long a view may take to catch up with what another replica has seen. */
const catchUpMs = 4_000;

/** Gives addresses to pods that are about to be. */
export class Allocator implements Disposable {
  readonly #cluster: Cluster;
  readonly #amender: StatusAmender;
  readonly #actors = new Map<string, ActorRefFrom<typeof allocationMachine>>();
  readonly #waiting = new Map<number, (result: Settled) => void>();
  #next = 0;

  constructor(cluster: Cluster, amender: StatusAmender) {
    this.#cluster = cluster;
    this.#amender = amender;
  }

  /** Chooses an address and reserves it. */
  allocate(connectionId: string, wish: AddressWish): Promise<Settled> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#actor(connectionId).send({ type: "wanted", id, wish });
    });
  }

  /** What would come of a wish; nothing is reserved. */
  tried(connectionId: string, wish: AddressWish): Settled {
    const object = this.#amender.newest(connectionId);
    return object === undefined ? gone : this.#cluster.ledger(object).take(wish);
  }

  [Symbol.dispose](): void {
    for (const actor of this.#actors.values()) actor.stop();
    this.#actors.clear();
    for (const resolve of this.#waiting.values()) resolve(gone);
    this.#waiting.clear();
  }

  #actor(connectionId: string): ActorRefFrom<typeof allocationMachine> {
    const known = this.#actors.get(connectionId);
    if (known !== undefined) return known;
    const logic = allocationMachine.provide({
      actors: {
        reserve: fromPromise<readonly Settled[], ReserveOrder>(({ input }) =>
          refusing(() => this.#reserve(input)),
        ),
      },
    });
    const actor = createActor(logic, { input: { connectionId } });
    actor.on("settled", ({ results }) => {
      for (const { id, result } of results) {
        this.#waiting.get(id)?.(result);
        this.#waiting.delete(id);
      }
    });
    this.#actors.set(connectionId, actor);
    actor.start();
    return actor;
  }

  #reserve({ connectionId, wishes }: ReserveOrder): Promise<readonly Settled[]> {
    return this.#amender.amend<readonly Settled[]>(connectionId, async (object) => {
      await this.#caughtUp(object);
      const ledger = this.#cluster.ledger(object);
      const now = Date.now();
      const result = wishes.map((wish): Settled => {
        const outcome = ledger.take(wish);
        if (!outcome.ok) return outcome;
        const reservedAt = reservationStamp(wish.owner, outcome.address.address, now);
        return { ...outcome, reservedAt };
      });
      const given = result.flatMap((one) =>
        one.ok ? [[formatAddress(one.address.address), one.reservedAt]] : [],
      );
      if (given.length === 0) return { patch: undefined, result };
      return { patch: { pendingIps: Object.fromEntries(given) as object }, result };
    });
  }

  /**
   * A reservation goes when its pod is seen. Whoever has not seen that pod yet would take
   * its address for free.
   */
  async #caughtUp({ status }: ConnectionResource): Promise<void> {
    const needed = BigInt(status?.podsVersion ?? 0);
    const { workers } = this.#cluster;
    await firstValueFrom(
      workers.changes.pipe(
        startWith(undefined),
        filter(() => workers.version >= needed),
        timeout({ first: catchUpMs }),
      ),
    ).catch((cause: unknown) => {
      const message = "the pods of this replica's view are behind another's";
      throw new Refusal(failure(Reason.Internal, message), { cause });
    });
  }
}

const gone: Settled = { ok: false, message: "the connection is gone", taken: false };
