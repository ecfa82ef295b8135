import type { KnownChild } from "../../adapters/host/known-child.ts";
import type { StateFile } from "../../adapters/files/state-file.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Connection } from "../../model/api/connection.ts";
import { StateWriter, type StateWrites } from "../host/state-writer.ts";

type ChildrenFile = StateFile<readonly KnownChild[]>;

/**
 * The children that agents of this group had on this node since it booted. If a child is deleted
 * while its agent does not run, the next agent still knows it and can remove its SAs from the
 * kernel.
 */
export class ChildMemory implements Disposable {
  readonly #file: ChildrenFile;
  readonly #writer: StateWriter<readonly KnownChild[]>;
  #known: readonly KnownChild[];

  constructor(file: ChildrenFile, onTrouble: (error: unknown) => void) {
    this.#file = file;
    this.#writer = new StateWriter({ file, onTrouble });
    this.#known = file.read(onTrouble) ?? [];
  }

  /** The state of the file. */
  get writes(): StateWrites {
    return this.#writer;
  }

  /** Why the children are not stored, or could not be read. */
  get problem(): string | undefined {
    return this.#writer.problem ?? this.#file.problem;
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }

  /** Adds the declared children. Others stay until {@link takeOthers} removes them. */
  note(connections: Iterable<Connection>): void {
    const declared = [...connections].flatMap(({ id, children }) =>
      children.map(({ key, ifId }): KnownChild => ({ connection: id, child: key, ifId })),
    );
    const known = new Set(this.#known.map(keyOf));
    const added = declared.filter((child) => !known.has(keyOf(child)));
    if (added.length > 0) this.#write([...this.#known, ...added]);
  }

  /** Removes and returns the children that are not declared. */
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

/** A child whose if_id changed has an entry for each if_id. */
function keyOf(child: KnownChild): string {
  return `${childRefKey(child)} ${child.ifId}`;
}
