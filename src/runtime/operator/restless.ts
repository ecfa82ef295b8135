import { Subject, type Observable } from "rxjs";

export interface RestlessOptions {
  /** What did not change for so many milliseconds is calm. */
  readonly calmMs: number;
  /** What is restless for longer is looked at nonetheless, in milliseconds. */
  readonly mostMs: number;
}

/** What changes again and again, as lists do that tell of every pod. */
export class Restless implements Disposable {
  readonly #options: RestlessOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #since = new Map<string, number>();
  readonly #calmed = new Subject<string>();

  constructor(options: RestlessOptions) {
    this.#options = options;
  }

  /** Emits what has become calm. */
  get calmed(): Observable<string> {
    return this.#calmed;
  }

  /** Whether it is not worth a look yet. */
  has(id: string): boolean {
    const since = this.#since.get(id);
    return since !== undefined && Date.now() - since < this.#options.mostMs;
  }

  /** Notes that it changed. */
  touch(id: string): void {
    clearTimeout(this.#timers.get(id));
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      this.#since.delete(id);
      this.#calmed.next(id);
    }, this.#options.calmMs);
    this.#timers.set(id, timer);
    if (!this.#since.has(id)) this.#since.set(id, Date.now());
  }

  /** Notes that it was looked at, and written: the next time is as far away again. */
  wrote(id: string): void {
    if (this.#since.has(id)) this.#since.set(id, Date.now());
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#calmed.complete();
  }
}
