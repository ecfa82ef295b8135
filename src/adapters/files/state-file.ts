import { readFileSync, renameSync } from "node:fs";
import { removeUnfinished, replaceFile } from "./replace-file.ts";

/** The JSON format of a value, and the default without a file. */
export interface StateCodec<T> {
  readonly none: T;
  readonly format: (value: T) => unknown;
  /** @throws {Error} if the JSON has a different shape */
  readonly parse: (json: unknown) => T;
}

/** A file that carries a value from one run of ipman to the next. */
export class StateFile<T> {
  readonly path: string;
  readonly #codec: StateCodec<T>;

  constructor(path: string, codec: StateCodec<T>) {
    this.path = path;
    this.#codec = codec;
  }

  /**
   * Reads the value. A file that cannot be read is reported and kept under another name, and the
   * default value is returned.
   */
  read(onTrouble: (error: unknown) => void): T {
    removeUnfinished(this.path);
    try {
      return this.#codec.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") onTrouble(this.#keptAside(error));
      return this.#codec.none;
    }
  }

  /** Replaces the value in the file. */
  write(value: T): void {
    const text = `${JSON.stringify(this.#codec.format(value), null, 2)}\n`;
    replaceFile(this.path, text, 0o600);
  }

  #keptAside(cause: unknown): Error {
    const aside = `${this.path}.unreadable`;
    let outcome = `it is kept as ${aside}`;
    try {
      renameSync(this.path, aside);
    } catch (error) {
      outcome = `it cannot be kept as ${aside}: ${(error as Error).message}`;
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new Error(
      `${this.path} cannot be read: ${reason}; ipman starts without it, and ${outcome}`,
      {
        cause,
      },
    );
  }
}
