import {
  BehaviorSubject,
  distinctUntilChanged,
  map,
  of,
  Subscription,
  switchMap,
  timer,
} from "rxjs";

/** Milliseconds to stay on: charon may log why an SA ended shortly after the end. */
const lingerMs = 5_000;

/**
 * Decides when to follow charon's log: while a connection is unsettled, since the log may contain
 * the reason. Otherwise a hundred settled connections would log dozens of unused lines a second.
 */
export class CharonLogSwitch {
  readonly #unsettled = new Set<string | symbol>();
  readonly #anyUnsettled = new BehaviorSubject(true);

  /** Emits the present value at once, and then each change. */
  readonly isOn = this.#anyUnsettled.pipe(
    distinctUntilChanged(),
    switchMap((any) => (any ? of(true) : timer(lingerMs).pipe(map(() => false)))),
    distinctUntilChanged(),
  );

  /** Keeps the log followed until the subscription is unsubscribed. */
  hold(): Subscription {
    const id = Symbol("follower");
    this.note(id, false);
    return new Subscription(() => this.note(id, true));
  }

  /** Sets whether a connection is settled; a removed connection counts as settled. */
  note(id: string | symbol, settled: boolean): void {
    if (settled) this.#unsettled.delete(id);
    else this.#unsettled.add(id);
    this.#anyUnsettled.next(this.#unsettled.size > 0);
  }
}
