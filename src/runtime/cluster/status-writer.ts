import { isDeepStrictEqual } from "node:util";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";

export interface StatusWriterOptions<T> {
  /** The status as the API has it, as far as this writer owns it; undefined without the object. */
  readonly actual: (id: string) => unknown;
  /** What it should be, given what is there now; undefined for nothing to say. */
  readonly wanted: (id: string) => T | undefined;
  readonly write: (id: string, status: T) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
}

/** After a failure it is tried again in so many milliseconds. */
const againMs = 1_000;

/**
 * Keeps the status of objects as it should be: one write per object at a time, with what
 * is true when it is made, and none where nothing differs.
 */
export class StatusWriter<T> implements Disposable {
  readonly #options: StatusWriterOptions<T>;
  readonly #writing = new Set<string>();
  /** Looked at again when the write in flight is done. */
  readonly #again = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #ended = false;

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  /** Compares, and writes where it differs. */
  look(id: string): void {
    if (this.#ended) return;
    if (this.#writing.has(id)) {
      this.#again.add(id);
      return;
    }
    const { actual, wanted, write } = this.#options;
    const there = actual(id);
    const status = wanted(id);
    if (there === undefined || status === undefined || isDeepStrictEqual(there, status)) return;
    this.#writing.add(id);
    write(id, status).then(
      () => this.#done(id),
      (error: unknown) => this.#failed(id, error),
    );
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #done(id: string): void {
    this.#writing.delete(id);
    // Otherwise the view tells when it has the write, and nothing differs any more.
    if (this.#again.delete(id)) this.#later(id, againMs / 10);
  }

  #failed(id: string, error: unknown): void {
    this.#writing.delete(id);
    this.#again.delete(id);
    if (error instanceof KubeError && error.code === "not-found") return;
    this.#options.onTrouble(error);
    this.#later(id, againMs);
  }

  #later(id: string, ms: number): void {
    if (this.#ended) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.look(id);
    }, ms);
    this.#timers.add(timer);
  }
}
