import {
  BehaviorSubject,
  distinctUntilChanged,
  map,
  of,
  Subscription,
  switchMap,
  timer,
} from "rxjs";

/** What is said about an end may come a little after it. */
const lingerMs = 5_000;

/**
 * Whether any connection is on its way to somewhere. charon's log is listened to then, for
 * it may say why one does not arrive; of a hundred that rest it tells dozens of lines a second.
 */
export class Attention {
  readonly #unsettled = new Set<string | symbol>();
  readonly #any = new BehaviorSubject(true);

  /** Emits at once, and whenever it changes. */
  readonly needed = this.#any.pipe(
    distinctUntilChanged(),
    switchMap((any) => (any ? of(true) : timer(lingerMs).pipe(map(() => false)))),
    distinctUntilChanged(),
  );

  /** Somebody listens, whatever the connections do; until it is unsubscribed from. */
  hold(): Subscription {
    const id = Symbol("listener");
    this.note(id, false);
    return new Subscription(() => this.note(id, true));
  }

  /** A connection is settled, or is gone, or neither. */
  note(id: string | symbol, settled: boolean): void {
    if (settled) this.#unsettled.delete(id);
    else this.#unsettled.add(id);
    this.#any.next(this.#unsettled.size > 0);
  }
}
