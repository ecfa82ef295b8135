import type { StateFile } from "../../adapters/files/state-file.ts";
import { backoffMs } from "../../model/time/backoff.ts";

/** Milliseconds within which several changes lead to one write. */
const gatherMs = 50;

export interface StateWriterOptions<T> {
  readonly file: Pick<StateFile<T>, "path" | "write">;
  /** Called once for a failure, until a write succeeds or fails for another reason. */
  readonly onTrouble: (error: unknown) => void;
}

/** The state of a file for the status and metrics. */
export interface StateWrites {
  /** Why the file is not up to date, and the consequence; undefined if it is. */
  readonly problem: string | undefined;
  /** The number of failed writes. */
  readonly failures: number;
}

/**
 * Saves a state in memory to a file, shortly after each change. If the disk is full or read-only,
 * the process continues: the writer retries with a backoff and reports the failure meanwhile.
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
    return `${this.#options.file.path} cannot be written: ${this.#message}; ipman continues, but a restart would lose the changes since then`;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Saves a value soon. */
  save(value: T): void {
    this.#pending = { value };
    // While writes fail, the next attempt writes the newest value.
    this.#timer ??= this.#later(gatherMs);
  }

  /**
   * Saves a value now.
   *
   * @throws if the write fails; a value from {@link save} is then still written
   */
  saveNow(value: T): void {
    this.#write(value);
    this.#pending = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Writes a pending value once, without further attempts. */
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

/** The code in a message, such as `ENOSPC`; the file name in it differs each time. */
function causeOf(message: string): string {
  return message.split(":")[0] ?? "";
}
