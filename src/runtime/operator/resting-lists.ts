import { Subject, type Observable } from "rxjs";

/**
 * Lists that were written a moment ago and stay as they are for a while: what they tell
 * changes with every pod.
 */
export class RestingLists implements Disposable {
  readonly #restMs: number;
  readonly #resting = new Map<string, NodeJS.Timeout>();
  readonly #rested = new Subject<string>();

  /** @param restMs for how long, in milliseconds */
  constructor(restMs: number) {
    this.#restMs = restMs;
  }

  /** Whose list may be made anew from now on. */
  get rested(): Observable<string> {
    return this.#rested;
  }

  /** Whether it stays as it is. */
  has(id: string): boolean {
    return this.#resting.has(id);
  }

  /** Notes that it was written. */
  add(id: string): void {
    clearTimeout(this.#resting.get(id));
    const timer = setTimeout(() => {
      this.#resting.delete(id);
      this.#rested.next(id);
    }, this.#restMs);
    this.#resting.set(id, timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#rested.complete();
  }
}
