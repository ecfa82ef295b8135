const slots = 1024;

/**
 * The names of members that came before, found by their bytes: VICI's vocabulary is small, and
 * a string that is there already need not be made, hashed and looked up again.
 */
export class Names {
  readonly #known: (string | undefined)[] = Array.from({ length: slots });

  /** The name that is these bytes, where it is known; they are all there, one at least. */
  find(bytes: Uint8Array, start: number, size: number): string | undefined {
    const known = this.#known[slotOf(bytes, start, size)];
    if (known?.length !== size) return undefined;
    for (let i = 0; i < size; i++) if (known.charCodeAt(i) !== bytes[start + i]) return undefined;
    return known;
  }

  /** Keeps a name for the next time. Whoever was first stays: there is room for all of charon's. */
  keep(bytes: Uint8Array, start: number, size: number, name: string): void {
    const slot = slotOf(bytes, start, size);
    // What is not ASCII has other bytes than characters.
    const isAscii = name.length === size;
    if (isAscii && this.#known[slot] === undefined) this.#known[slot] = copyOf(name);
  }
}

function slotOf(bytes: Uint8Array, start: number, size: number): number {
  const first = bytes[start] as number;
  const middle = bytes[start + (size >> 1)] as number;
  const last = bytes[start + size - 1] as number;
  return (first * 31 + last * 7 + middle * 3 + size) % slots;
}

/** The same characters: V8's cut of a string, from 13 on, holds all that it was cut out of. */
export function copyOf(name: string): string {
  return name.length < 13 ? name : Buffer.from(name).toString();
}
