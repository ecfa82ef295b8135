import { Subject, type Observable } from "rxjs";
import { systemClock, type Clock } from "../time/clock.ts";

export interface DebouncerOptions {
  /** What did not change for so many milliseconds is calm. */
  readonly quietMs: number;
  /** What is debouncer for longer is looked at nonetheless, in milliseconds. */
  readonly maxWaitMs: number;
  readonly clock?: Pick<Clock, "elapsed">;
}

interface Debounced {
  /** Ends it, unless it changes again. */
  readonly timer: NodeJS.Timeout;
  /** When it began, or was last looked at; milliseconds of the monotonic clock. */
  since: number;
}

/** What changes again and again, as lists do that tell of every pod. */
export class Debouncer implements Disposable {
  readonly #options: DebouncerOptions;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #all = new Map<string, Debounced>();
  readonly #settled = new Subject<string>();

  constructor(options: DebouncerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Emits what has become calm. */
  get settled(): Observable<string> {
    return this.#settled;
  }

  /** Whether it is not worth a look yet. */
  isWaiting(id: string): boolean {
    const waiting = this.#all.get(id);
    return waiting !== undefined && this.#clock.elapsed() - waiting.since < this.#options.maxWaitMs;
  }

  /** Notes that it changed. */
  touch(id: string): void {
    const { timer: before, since = this.#clock.elapsed() } = this.#all.get(id) ?? {};
    clearTimeout(before);
    const timer = setTimeout(() => {
      this.#all.delete(id);
      this.#settled.next(id);
    }, this.#options.quietMs);
    this.#all.set(id, { timer, since });
  }

  /** Notes that it was looked at, and written: the next time is as far away again. */
  flushed(id: string): void {
    const waiting = this.#all.get(id);
    if (waiting !== undefined) waiting.since = this.#clock.elapsed();
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#all.values()) clearTimeout(timer);
    this.#settled.complete();
  }
}
