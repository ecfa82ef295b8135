import { readFileSync, renameSync } from "node:fs";
import { removeUnfinished, replaceFile } from "./replace-file.ts";

/** How a value is written as JSON, and what it is where there is no file. */
export interface StateCodec<T> {
  readonly none: T;
  readonly format: (value: T) => unknown;
  /** @throws {Error} where the JSON has another shape */
  readonly parse: (json: unknown) => T;
}

/** A file from which a process that starts again learns what the one before it knew. */
export class StateFile<T> {
  readonly path: string;
  readonly #codec: StateCodec<T>;

  constructor(path: string, codec: StateCodec<T>) {
    this.path = path;
    this.#codec = codec;
  }

  /**
   * The value in the file. A file without such a value is reported and kept beside its place,
   * and the state begins without it.
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

  write(value: T): void {
    const text = `${JSON.stringify(this.#codec.format(value), null, 2)}\n`;
    replaceFile(this.path, text, 0o600);
  }

  #keptAside(cause: unknown): Error {
    const aside = `${this.path}.unreadable`;
    let where = `it is kept as ${aside}`;
    try {
      renameSync(this.path, aside);
    } catch (error) {
      where = `it cannot be kept as ${aside}: ${(error as Error).message}`;
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${this.path} cannot be read: ${why}; ipman starts without it, and ${where}`, {
      cause,
    });
  }
}
