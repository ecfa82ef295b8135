import { Subject, type Observable } from "rxjs";
import { systemClock, type Clock } from "../time/clock.ts";

export interface DebouncerOptions {
  /** An object settles when it has not changed for this time, in milliseconds. */
  readonly quietMs: number;
  /** An object that keeps changing is due after this time, in milliseconds. */
  readonly maxWaitMs: number;
  readonly clock?: Pick<Clock, "elapsed">;
}

/** An object that changed recently. */
interface Debounced {
  /** Settles the object unless it changes again. */
  readonly timer: NodeJS.Timeout;
  /** The first change since the object settled or was flushed, in monotonic milliseconds. */
  since: number;
}

/** Delays work on objects that change often, by a quiet time and a maximum wait. */
export class Debouncer implements Disposable {
  readonly #options: DebouncerOptions;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #debounced = new Map<string, Debounced>();
  readonly #settled = new Subject<string>();

  constructor(options: DebouncerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Emits each object that has settled. */
  get settled(): Observable<string> {
    return this.#settled;
  }

  /** Whether work on an object should wait: it changed recently and is not due. */
  isWaiting(id: string): boolean {
    const debounced = this.#debounced.get(id);
    if (debounced === undefined) return false;
    return this.#clock.elapsed() - debounced.since < this.#options.maxWaitMs;
  }

  /** Notes a change of an object. */
  touch(id: string): void {
    const { timer: before, since = this.#clock.elapsed() } = this.#debounced.get(id) ?? {};
    clearTimeout(before);
    const timer = setTimeout(() => {
      this.#debounced.delete(id);
      this.#settled.next(id);
    }, this.#options.quietMs);
    this.#debounced.set(id, { timer, since });
  }

  /** Notes that the work on an object was done: its maximum wait begins again. */
  flushed(id: string): void {
    const debounced = this.#debounced.get(id);
    if (debounced !== undefined) debounced.since = this.#clock.elapsed();
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#debounced.values()) clearTimeout(timer);
    this.#settled.complete();
  }
}
