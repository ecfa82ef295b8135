import type { KnownChild } from "../../adapters/host/known-child.ts";
import type { StateFile } from "../../adapters/files/state-file.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Connection } from "../../model/api/connection.ts";
import { StateWriter, type StateWrites } from "../host/state-writer.ts";

type ChildrenFile = StateFile<readonly KnownChild[]>;

/**
 * The children that agents of this group had on this node since it booted. One that is
 * deleted while its agent is away is known to the next: its SAs may be in the kernel still.
 */
export class ChildMemory implements Disposable {
  readonly #writer: StateWriter<readonly KnownChild[]>;
  #known: readonly KnownChild[];

  constructor(file: ChildrenFile, onTrouble: (error: unknown) => void) {
    this.#writer = new StateWriter({ file, onTrouble });
    this.#known = file.read(onTrouble);
  }

  /** How writing them down goes. */
  get writes(): StateWrites {
    return this.#writer;
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
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

  #write(children: readonly KnownChild[]): void {
    this.#known = children;
    this.#writer.save(children);
  }
}

/** A child whose if_id changed has an entry for each. */
function keyOf(child: KnownChild): string {
  return `${childRefKey(child)} ${child.ifId}`;
}
