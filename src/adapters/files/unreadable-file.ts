import { existsSync, renameSync } from "node:fs";

/**
 * Sets a file aside that cannot be used, under the name `PATH.unreadable`: it does not prevent the
 * next start, and a person can look at it. Only the newest one is kept.
 */
export class UnreadableFile {
  readonly #path: string;
  readonly #aside: string;
  #kept = false;
  #message: string | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#aside = `${path}.unreadable`;
  }

  /** Why it could not be used, until a person removes the file that was set aside. */
  get problem(): string | undefined {
    return this.#kept && !existsSync(this.#aside) ? undefined : this.#message;
  }

  /**
   * Renames the file.
   *
   * @param consequence what happens without it, as a clause: `ipman starts without it`
   * @returns an error for the log
   */
  setAside(cause: unknown, consequence: string): Error {
    let outcome = `it is kept as ${this.#aside}; remove it to clear this message`;
    try {
      renameSync(this.#path, this.#aside);
      this.#kept = true;
    } catch (error) {
      outcome = `it cannot be kept as ${this.#aside}: ${(error as Error).message}`;
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#message = `${this.#path} cannot be read: ${reason}; ${consequence}, and ${outcome}`;
    return new Error(this.#message, { cause });
  }
}
