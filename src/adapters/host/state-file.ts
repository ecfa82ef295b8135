import { readFileSync } from "node:fs";
import { replaceFile } from "./replace-file.ts";

/** How a value is written as JSON, and what it is where there is no file. */
export interface StateCodec<T> {
  readonly none: T;
  readonly format: (value: T) => unknown;
  readonly parse: (json: unknown) => T;
}

/** A file from which a process that starts again learns what the one before it knew. */
export class StateFile<T> {
  readonly #path: string;
  readonly #codec: StateCodec<T>;

  constructor(path: string, codec: StateCodec<T>) {
    this.#path = path;
    this.#codec = codec;
  }

  /** @throws {Error} naming the file, where it is there and no such value is in it */
  read(): T {
    try {
      return this.#codec.parse(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return this.#codec.none;
      throw new Error(`${this.#path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  write(value: T): void {
    const text = `${JSON.stringify(this.#codec.format(value), null, 2)}\n`;
    replaceFile(this.#path, text, 0o600);
  }
}
