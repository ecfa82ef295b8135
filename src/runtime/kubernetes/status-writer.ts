import { isDeepStrictEqual } from "node:util";
import type { LimitFunction } from "p-limit";
import { KubeError } from "../../adapters/kubernetes/client/kube-error.ts";

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

/** An object that was written, or could not be, rests for so many milliseconds. */
const restMs = 1_000;

/**
 * Keeps the status of objects as it should be: the first change of one is written at once,
 * and what follows it closely in one write, with what is true when it is made. Nothing is
 * written where nothing differs.
 */
export class StatusWriter<T> implements Disposable {
  readonly #options: StatusWriterOptions<T>;
  /** Those that wait for their turn. */
  readonly #queued = new Set<string>();
  /** Those that are written, or rest. */
  readonly #writing = new Set<string>();
  /** Looked at when that is over. */
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
    } catch (error) {
      this.#failed(id, error);
    }
    this.#rest(id);
  }

  #failed(id: string, error: unknown): void {
    if (this.#ended || (error instanceof KubeError && error.code === "not-found")) return;
    this.#options.onTrouble(error);
    this.#again.add(id);
  }

  #rest(id: string): void {
    if (this.#ended) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#writing.delete(id);
      if (this.#again.delete(id)) this.look(id);
    }, restMs);
    this.#timers.add(timer);
  }
}
