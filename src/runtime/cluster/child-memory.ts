import type { KnownChild } from "../../adapters/host/known-child.ts";
import type { StateFile } from "../../adapters/host/state-file.ts";
import type { Connection } from "../../model/connection.ts";

type File = Pick<StateFile<readonly KnownChild[]>, "read" | "write">;

/**
 * The children that agents of this group had on this node since it booted. One that is
 * deleted while its agent is away is known to the next: its SAs may be in the kernel still.
 */
export class ChildMemory {
  readonly #file: File;
  readonly #onTrouble: (error: unknown) => void;
  #known: readonly KnownChild[];

  constructor(file: File, onTrouble: (error: unknown) => void) {
    this.#file = file;
    this.#onTrouble = onTrouble;
    this.#known = this.#read();
  }

  /** Adds those that are declared; others stay until somebody says that they are gone. */
  note(connections: Iterable<Connection>): void {
    const declared = [...connections].flatMap(({ id, children }) =>
      children.map(({ key, ifId }): KnownChild => ({ connection: id, child: key, ifId })),
    );
    const known = new Set(this.#known.map(keyOf));
    const added = declared.filter((child) => !known.has(keyOf(child)));
    if (added.length > 0) this.#write([...this.#known, ...added]);
  }

  /** Gives those that are none of these, and forgets them. */
  takeOthers(isDeclared: (child: KnownChild) => boolean): readonly KnownChild[] {
    const others = this.#known.filter((child) => !isDeclared(child));
    if (others.length > 0) this.#write(this.#known.filter(isDeclared));
    return others;
  }

  #read(): readonly KnownChild[] {
    try {
      return this.#file.read();
    } catch (error) {
      this.#onTrouble(error);
      return [];
    }
  }

  #write(children: readonly KnownChild[]): void {
    this.#known = children;
    try {
      this.#file.write(children);
    } catch (error) {
      this.#onTrouble(error);
    }
  }
}

/** A child that got another if_id is known by both. */
function keyOf({ connection, child, ifId }: KnownChild): string {
  return JSON.stringify([connection, child, ifId]);
}
