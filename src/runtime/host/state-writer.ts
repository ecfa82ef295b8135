import type { StateFile } from "../../adapters/files/state-file.ts";
import { backoffMs } from "../../model/time/backoff.ts";

/** Changes that come close together are written at once. */
const gatherMs = 50;

export interface StateWriterOptions<T> {
  readonly file: Pick<StateFile<T>, "path" | "write">;
  /** Hears of a failure once, until a write succeeds or fails for another reason. */
  readonly onTrouble: (error: unknown) => void;
}

/** What a status and metrics show of a state's file. */
export interface StateWrites {
  /** Why the file is not up to date and what follows from it; undefined where it is. */
  readonly problem: string | undefined;
  /** Writes that failed so far. */
  readonly failures: number;
}

/**
 * Writes a state, which is kept in memory, behind its changes. A disk that is full or read-only
 * ends nothing: writing is tried again with a backoff, and meanwhile the failure is shown.
 */
export class StateWriter<T> implements StateWrites, Disposable {
  readonly #options: StateWriterOptions<T>;
  #pending: { readonly value: T } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  #failures = 0;
  #message: string | undefined;

  constructor(options: StateWriterOptions<T>) {
    this.#options = options;
  }

  get problem(): string | undefined {
    if (this.#message === undefined) return undefined;
    return `${this.#options.file.path} cannot be written: ${this.#message}; ipman runs on, but after a restart it would not know what changed since`;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Has a value written soon. */
  save(value: T): void {
    this.#pending = { value };
    // While writes fail, the next attempt takes the newest value.
    this.#timer ??= this.#later(gatherMs);
  }

  /**
   * Writes a value now, for which the caller waits.
   *
   * @throws where that fails: then the value that was to be written before still is
   */
  saveNow(value: T): void {
    this.#write(value);
    this.#pending = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Writes what is not written yet; a failure was reported, and no attempt follows. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#flush();
    clearTimeout(this.#timer);
  }

  #later(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, milliseconds);
  }

  #flush(): void {
    if (this.#pending === undefined) return;
    try {
      this.saveNow(this.#pending.value);
    } catch {
      this.#timer = this.#later(backoffMs(this.#attempt));
    }
  }

  #write(value: T): void {
    try {
      this.#options.file.write(value);
      this.#attempt = 0;
      this.#message = undefined;
    } catch (error) {
      const { message } = error as Error;
      const isNew = causeOf(message) !== causeOf(this.#message ?? "");
      this.#attempt++;
      this.#failures++;
      this.#message = message;
      if (isNew) this.#options.onTrouble(new Error(this.problem, { cause: error }));
      throw error;
    }
  }
}

/** `ENOSPC` of a message with the name of a file that is another one each time. */
function causeOf(message: string): string {
  return message.split(":")[0] ?? "";
}
