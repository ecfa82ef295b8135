import {
  BehaviorSubject,
  distinctUntilChanged,
  map,
  of,
  Subscription,
  switchMap,
  timer,
} from "rxjs";

/** charon may log the cause of an end a little after the end. */
const lingerMs = 5_000;

/**
 * Says when charon's log has to be followed: while a connection is unsettled, since the log may
 * say why it does not come up. A hundred settled connections log dozens of lines a second that
 * nothing here needs.
 */
export class CharonLogSwitch {
  readonly #unsettled = new Set<string | symbol>();
  readonly #any = new BehaviorSubject(true);

  /** Emits the present value at once, and then each change. */
  readonly isOn = this.#any.pipe(
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

  /** Notes whether a connection is settled. One that is gone counts as settled. */
  note(id: string | symbol, settled: boolean): void {
    if (settled) this.#unsettled.delete(id);
    else this.#unsettled.add(id);
    this.#any.next(this.#unsettled.size > 0);
  }
}
