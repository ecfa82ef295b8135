import { annotation } from "./labels.ts";

/** Stands for every connection. */
const every = "*";

/** The connections that a Secret permits to use its keys. */
export class KeyConsent {
  readonly #names: ReadonlySet<string>;

  /**
   * Reads the annotation `keyFor`: names of connections, separated by commas, or `*`.
   *
   * It is an annotation because a label's value cannot hold a list and has at most 63 characters;
   * Secrets are not selected by it.
   */
  constructor(annotations: Readonly<Record<string, string>> = {}) {
    const names = (annotations[annotation.keyFor] ?? "").split(",").map((name) => name.trim());
    this.#names = new Set(names.filter((name) => name !== ""));
  }

  /** Whether the connection of that name may use the keys. */
  permits(connection: string): boolean {
    return this.#names.has(every) || this.#names.has(connection);
  }
}
