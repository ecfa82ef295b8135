import { readFileSync } from "node:fs";
import { removeUnfinished, replaceFile } from "./replace-file.ts";
import { UnreadableFile } from "./unreadable-file.ts";

/** The JSON format of a value. */
export interface StateCodec<T> {
  readonly format: (value: T) => unknown;
  /** @throws {Error} if the JSON has a different shape */
  readonly parse: (json: unknown) => T;
}

/** A file that carries a value from one run of ipman to the next. */
export class StateFile<T> {
  readonly path: string;
  readonly #codec: StateCodec<T>;
  readonly #unreadable: UnreadableFile;

  constructor(path: string, codec: StateCodec<T>) {
    this.path = path;
    this.#codec = codec;
    this.#unreadable = new UnreadableFile(path);
  }

  /** Why the value could not be read, until a person removes the file that was set aside. */
  get problem(): string | undefined {
    return this.#unreadable.problem;
  }

  /**
   * Reads the value; undefined if there is no file. A file that cannot be read is reported and set
   * aside, and there is no value then either.
   */
  read(onTrouble: (error: unknown) => void): T | undefined {
    removeUnfinished(this.path);
    try {
      return this.#codec.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        onTrouble(this.#unreadable.setAside(error, "ipman starts without it"));
      return undefined;
    }
  }

  /** Replaces the value in the file. */
  write(value: T): void {
    const text = `${JSON.stringify(this.#codec.format(value), null, 2)}\n`;
    replaceFile(this.path, text, 0o600);
  }
}
