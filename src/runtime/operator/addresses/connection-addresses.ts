import { filter, firstValueFrom, startWith, timeout } from "rxjs";
import { fromPromise, type ActorRefFrom } from "xstate";
import {
  allocationMachine,
  type AllocationEmitted,
  type Reserved,
  type ReserveOrder,
  type Settled,
} from "../../../machines/allocation.ts";
import { formatAddress } from "../../../model/net/address.ts";
import type { AddressWish, Ledger } from "../../../model/addresses/allocation.ts";
import type { Child } from "../../../model/api/connection.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import type {
  ReservationBook,
  ReservationChange,
} from "../../../model/addresses/reservation-book.ts";
import { prefetchStamp, reservationStamp } from "../../../model/addresses/reservation.ts";
import { seenReservations } from "../../../model/addresses/seen-reservations.ts";
import { Stock, type Ahead, type Shortage } from "../../../model/addresses/stock.ts";
import type { Clock } from "../../time/clock.ts";
import { contained } from "../../actors/contained.ts";
import { observedActor } from "../../actors/observed-actor.ts";
import { refusing, Refusal } from "../../ports/refusal.ts";
import type { Books } from "./books.ts";
import type { Cluster } from "../state/cluster.ts";

export interface ConnectionAddressesOptions {
  readonly cluster: Cluster;
  readonly books: Books;
  readonly clock: Clock;
  /** For how long what is reserved ahead may be given, in milliseconds. */
  readonly stockMs: number;
  /** Where in a pool this replica begins, from 0 up to 1. */
  readonly start: number;
}

/** How long a view may take to catch up with what another replica has seen. */
const catchUpMs = 4_000;

/** Of what is free, a replica reserves no more ahead than one in so many. */
const shareOfFree = 8;

/** The addresses of one connection, as this replica gives them. */
export class ConnectionAddresses {
  readonly #options: ConnectionAddressesOptions;
  readonly #actor: ActorRefFrom<typeof allocationMachine>;
  readonly #waiting = new Map<number, (result: Settled) => void>();
  #next = 0;
  readonly #stock: Stock;
  readonly #id: string;

  /** @param failed receives the exception that ended the actor; its owner ends the rest */
  constructor(id: string, options: ConnectionAddressesOptions, failed: (error: unknown) => void) {
    this.#id = id;
    this.#options = options;
    this.#stock = new Stock(options.stockMs);
    const reserve = fromPromise<Reserved, ReserveOrder>(({ input }) =>
      refusing(() => this.#reserve(input)),
    );
    const logic = allocationMachine.provide({ actors: { reserve } });
    const input = { connectionId: id };
    this.#actor = observedActor(logic, { input }, { failed, broke: failed });
    const settle = ({ results }: AllocationEmitted) => {
      for (const { id: wish, result } of results) {
        this.#waiting.get(wish)?.(result);
        this.#waiting.delete(wish);
      }
    };
    this.#actor.on("settled", contained(failed, settle));
    this.#actor.start();
  }

  /** Gives an address that is reserved, or reserves one. */
  async allocate(wish: AddressWish): Promise<Settled> {
    const now = this.#now;
    const stock = this.#storedStock(this.#book);
    stock.noteAsked(wish, now);
    const ahead = stock.take(wish, now);
    if (ahead === undefined) return this.#queued(wish);
    this.#restock(wish, now);
    return given(ahead);
  }

  /** A pod got an address from any replica. */
  noteGiven(child: Child, pool: string): void {
    const isShort = this.#stock.noteGiven(child, pool, this.#now);
    if (isShort) this.#actor.send({ type: "restock" });
  }

  /** @param answer for the wishes that wait */
  end(answer: Settled): void {
    this.#actor.stop();
    for (const resolve of this.#waiting.values()) resolve(answer);
    this.#waiting.clear();
  }

  #restock(wish: AddressWish, now: number): void {
    if (this.#stock.isShort(wish, now)) this.#actor.send({ type: "restock" });
  }

  #queued(wish: AddressWish): Promise<Settled> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#actor.send({ type: "wanted", id, wish });
    });
  }

  get #book(): ReservationBook {
    return this.#options.books.newest(this.#id);
  }

  get #now(): number {
    return this.#options.clock.elapsed();
  }

  /** With only what is reserved in that book: a leader may have ended some, or a person all. */
  #storedStock({ pending }: ReservationBook): Stock {
    this.#stock.retain(pending);
    return this.#stock;
  }

  async #reserve({ wishes }: ReserveOrder): Promise<Reserved> {
    const now = this.#now;
    // The write that they waited for may have reserved enough for them, too.
    const stock = this.#storedStock(this.#book);
    const inStock = wishes.length > 0 && stock.takeAll(wishes, now);
    if (!inStock) return this.#write(wishes, now);
    for (const wish of wishes) this.#restock(wish, now);
    const results = inStock.map((ahead) => given(ahead));
    return { results, stocked: !stock.isEmpty };
  }

  async #write(wishes: readonly AddressWish[], now: number): Promise<Reserved> {
    const { books, cluster, clock, start } = this.#options;
    // Not to be given meanwhile, whatever comes of the write.
    const unwanted = this.#stock.takeUnwanted(now);
    const { results, ahead } = await books.amend(this.#id, async (book) => {
      await this.#caughtUp(book);
      const ledger = cluster.ledger(this.#id, book);
      const date = clock.date();
      const chosen = wishes.map((wish) => reserved(wish, ledger, date, start));
      const more = this.#storedStock(book)
        .shortages(now)
        .map((shortage) => reservedAhead(shortage, ledger, { now, date }, start));
      const ours = unwanted.filter((entry) => isStillOurs(entry, book));
      const fresh = more.flatMap(({ entries }) => entries);
      const change = { reserve: reservationsOf(chosen, fresh), end: stampsOf(ours) };
      return { change: this.#withSeen(change, book), result: { results: chosen, ahead: more } };
    });
    for (const { shortage, entries } of ahead) {
      this.#stock.put(shortage.child, shortage.pool, entries);
    }
    return {
      results: results.map((result, i) => this.#lastResort(result, wishes[i] as AddressWish)),
      stocked: !this.#stock.isEmpty,
    };
  }

  /** With what is over by now: it is a write less for the leader, and none by itself. */
  #withSeen(change: ReservationChange, book: ReservationBook): ReservationChange {
    if (Object.keys({ ...change.reserve, ...change.end }).length === 0) return {};
    const pods = [...this.#options.cluster.workersOf(this.#id)];
    const seen = seenReservations(book, pods).change;
    return { ...change, ...seen, end: { ...seen.end, ...change.end } };
  }

  /** What nobody else can have may be in stock. */
  #lastResort(result: Settled, wish: AddressWish): Settled {
    if (result.ok || !result.taken) return result;
    const ahead = this.#storedStock(this.#book).take(wish, this.#now);
    return ahead === undefined ? result : given(ahead);
  }

  /**
   * A reservation goes when its pod is seen. Whoever has not seen that pod yet would take
   * its address for free.
   */
  async #caughtUp({ podsVersion }: ReservationBook): Promise<void> {
    const needed = BigInt(podsVersion ?? 0);
    const { workers } = this.#options.cluster;
    if (workers.version >= needed) return;
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

function given({ address, stamp }: Pick<Ahead, "address" | "stamp">): Settled {
  return { ok: true, address, reservedAt: stamp };
}

function reserved(wish: AddressWish, ledger: Ledger, date: number, start: number): Settled {
  const outcome = ledger.take(wish, start);
  if (!outcome.ok) return outcome;
  return given({ address: outcome.address, stamp: reservationStamp(date, Math.random()) });
}

function reservedAhead(
  shortage: Shortage,
  ledger: Ledger,
  { now, date }: { readonly now: number; readonly date: number },
  start: number,
) {
  const { child, pool } = shortage;
  const most = Math.floor(ledger.freeAtLeast(child, pool) / shareOfFree);
  const entries: Ahead[] = [];
  while (entries.length < Math.min(shortage.count, most)) {
    const outcome = ledger.take({ child, pool, namespace: "" }, start);
    if (!outcome.ok) break;
    const stamp = prefetchStamp(date, Math.random());
    entries.push({ address: outcome.address, stamp, since: now });
  }
  return { shortage, entries };
}

/** A reservation that ended is another's, if it is there again. */
function isStillOurs({ address, stamp }: Ahead, { pending }: ReservationBook): boolean {
  return pending[formatAddress(address.address)] === stamp;
}

function reservationsOf(chosen: readonly Settled[], ahead: readonly Ahead[]) {
  const asked = chosen.flatMap((one): [string, string][] =>
    one.ok ? [[formatAddress(one.address.address), one.reservedAt ?? ""]] : [],
  );
  return { ...stampsOf(ahead), ...(Object.fromEntries(asked) as Record<string, string>) };
}

/** As they are written. */
function stampsOf(ahead: readonly Ahead[]): Record<string, string> {
  return Object.fromEntries(
    ahead.map(({ address, stamp }) => [formatAddress(address.address), stamp]),
  );
}

export const gone: Settled = { ok: false, message: "the connection is gone", taken: false };
