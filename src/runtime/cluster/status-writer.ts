import { isDeepStrictEqual } from "node:util";
import type { LimitFunction } from "p-limit";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";

export interface StatusWriterOptions<T> {
  /** The status as the API has it, as far as this writer owns it; undefined without the object. */
  readonly actual: (id: string) => unknown;
  /** What it should be, given what is there now; undefined for nothing to say. */
  readonly wanted: (id: string) => T | undefined;
  readonly write: (id: string, status: T) => Promise<void>;
  /** Whose turn it is to write: how many may at a time, whoever they are. */
  readonly writes: LimitFunction;
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
  /** Those that wait for their turn. */
  readonly #queued = new Set<string>();
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
    if (this.#ended || this.#queued.has(id)) return;
    if (this.#writing.has(id)) this.#again.add(id);
    else if (this.#outdated(id) !== undefined) {
      this.#queued.add(id);
      void this.#options.writes(() => this.#write(id));
    }
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** What is to be written; undefined where nothing differs. */
  #outdated(id: string): T | undefined {
    const { actual, wanted } = this.#options;
    const there = actual(id);
    const status = wanted(id);
    return there === undefined || isDeepStrictEqual(there, status) ? undefined : status;
  }

  /** What is true by now: it may have waited for long. */
  async #write(id: string): Promise<void> {
    this.#queued.delete(id);
    const status = this.#ended ? undefined : this.#outdated(id);
    if (status === undefined) return;
    this.#writing.add(id);
    try {
      await this.#options.write(id, status);
      this.#done(id);
    } catch (error) {
      this.#failed(id, error);
    }
  }

  #done(id: string): void {
    this.#writing.delete(id);
    // Otherwise the view tells when it has the write, and nothing differs any more.
    if (this.#again.delete(id)) this.#later(id, againMs / 10);
  }

  #failed(id: string, error: unknown): void {
    this.#writing.delete(id);
    this.#again.delete(id);
    if (this.#ended) return;
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
