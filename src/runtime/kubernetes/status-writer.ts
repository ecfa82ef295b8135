import { isDeepStrictEqual } from "node:util";
import type { LimitFunction } from "p-limit";
import { KubeError } from "../../adapters/kubernetes/client/kube-error.ts";
import { backoffMs } from "../../model/time/backoff.ts";

export interface StatusWriterOptions<T> {
  /** The writer's part of the status as the API server has it; undefined without the object. */
  readonly actual: (id: string) => unknown;
  /** The status to write, by the present state; undefined to write nothing. */
  readonly wanted: (id: string) => T | undefined;
  readonly write: (id: string, status: T) => Promise<void>;
  /** Limits concurrent writes, of all writers together. */
  readonly writes: LimitFunction;
  /** Receives each failure of an object that differs from the one before. */
  readonly onTrouble: (error: unknown) => void;
}

/** The least time between two writes of an object, in milliseconds. */
const restMs = 1_000;

/** The time after a failure, with a maximum like that of watches: an API server that is back is soon reached. */
const backoff = { firstMs: 2 * restMs, maxMs: 10_000 };

/** The failures of an object's writes without a success in between. */
interface Failures {
  readonly count: number;
  readonly words: string;
}

/**
 * Writes the status of objects if it differs from the wanted one. The first change of an object
 * is written at once; changes that follow it closely share a write, which has the state of the
 * moment when it is made.
 */
export class StatusWriter<T> implements Disposable {
  readonly #options: StatusWriterOptions<T>;
  /** Objects that wait for their turn. */
  readonly #queued = new Set<string>();
  /** Objects that are being written, or were written within {@link restMs} or that of a failure. */
  readonly #writing = new Set<string>();
  /** Objects to compare again after that time. */
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, Failures>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #ended = false;

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  /** Compares the status of an object, and writes it if it differs. */
  compare(id: string): void {
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

  /** The status to write; undefined if nothing differs. */
  #outdated(id: string): T | undefined {
    const { actual, wanted } = this.#options;
    const present = actual(id);
    const status = wanted(id);
    return present === undefined || isDeepStrictEqual(present, status) ? undefined : status;
  }

  /** Writes the present status, which may have changed while the write waited. */
  async #write(id: string): Promise<void> {
    this.#queued.delete(id);
    const status = this.#ended ? undefined : this.#outdated(id);
    if (status === undefined) return;
    this.#writing.add(id);
    try {
      await this.#options.write(id, status);
      this.#failures.delete(id);
    } catch (error) {
      this.#failed(id, error);
    }
    this.#rest(id);
  }

  #failed(id: string, error: unknown): void {
    if (this.#ended) return;
    if (error instanceof KubeError && error.code === "not-found")
      return void this.#failures.delete(id);
    const known = this.#failures.get(id);
    const words = String(error);
    this.#failures.set(id, { count: (known?.count ?? 0) + 1, words });
    if (known?.words !== words) this.#options.onTrouble(error);
    this.#again.add(id);
  }

  #rest(id: string): void {
    if (this.#ended) return;
    const failures = this.#failures.get(id)?.count ?? 0;
    const pauseMs = failures === 0 ? restMs : backoffMs(failures, backoff);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#writing.delete(id);
      if (this.#again.delete(id)) this.compare(id);
    }, pauseMs);
    this.#timers.add(timer);
  }
}
