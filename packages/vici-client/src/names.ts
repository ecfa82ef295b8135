const slots = 1024;

/**
 * Strings of member names, found by their bytes. VICI uses few names, and a known string need not
 * be created and hashed again.
 */
export class Names {
  readonly #known: (string | undefined)[] = Array.from({ length: slots });

  /** The known name with these bytes, which must be within `bytes` and not empty. */
  find(bytes: Uint8Array, start: number, size: number): string | undefined {
    const known = this.#known[slotOf(bytes, start, size)];
    if (known?.length !== size) return undefined;
    for (let i = 0; i < size; i++) if (known.charCodeAt(i) !== bytes[start + i]) return undefined;
    return known;
  }

  /** Stores a name unless its slot is taken: there are enough slots for charon's names. */
  keep(bytes: Uint8Array, start: number, size: number, name: string): void {
    const slot = slotOf(bytes, start, size);
    // The bytes of a name that is not ASCII differ from its characters.
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

/** A copy of the string: a V8 substring of 13 characters or more references its whole source. */
export function copyOf(name: string): string {
  return name.length < 13 ? name : Buffer.from(name).toString();
}
