import { Subject, type Observable } from "rxjs";
import { systemClock, type Clock } from "../time/clock.ts";

export interface RestlessOptions {
  /** What did not change for so many milliseconds is calm. */
  readonly calmMs: number;
  /** What is restless for longer is looked at nonetheless, in milliseconds. */
  readonly mostMs: number;
  readonly clock?: Pick<Clock, "elapsed">;
}

interface Unrest {
  /** Ends it, unless it changes again. */
  readonly timer: NodeJS.Timeout;
  /** When it began, or was last looked at; milliseconds of the monotonic clock. */
  since: number;
}

/** What changes again and again, as lists do that tell of every pod. */
export class Restless implements Disposable {
  readonly #options: RestlessOptions;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #all = new Map<string, Unrest>();
  readonly #calmed = new Subject<string>();

  constructor(options: RestlessOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Emits what has become calm. */
  get calmed(): Observable<string> {
    return this.#calmed;
  }

  /** Whether it is not worth a look yet. */
  has(id: string): boolean {
    const unrest = this.#all.get(id);
    return unrest !== undefined && this.#clock.elapsed() - unrest.since < this.#options.mostMs;
  }

  /** Notes that it changed. */
  touch(id: string): void {
    const { timer: before, since = this.#clock.elapsed() } = this.#all.get(id) ?? {};
    clearTimeout(before);
    const timer = setTimeout(() => {
      this.#all.delete(id);
      this.#calmed.next(id);
    }, this.#options.calmMs);
    this.#all.set(id, { timer, since });
  }

  /** Notes that it was looked at, and written: the next time is as far away again. */
  wrote(id: string): void {
    const unrest = this.#all.get(id);
    if (unrest !== undefined) unrest.since = this.#clock.elapsed();
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#all.values()) clearTimeout(timer);
    this.#calmed.complete();
  }
}
