/** A table is emptied beyond this many entries; the strings that it returned stay valid. */
const maxEntries = 50_000;

/**
 * Makes a function that converts each distinct string once and returns the same object for all
 * strings that are equal. A string cut out of a message keeps the whole message in memory; the
 * results do not.
 */
export function internedBy(convert: (text: string) => string): (text: string) => string {
  const table = new Map<string, string>();
  return (text) => {
    const known = table.get(text);
    if (known !== undefined) return known;
    if (table.size >= maxEntries) table.clear();
    const copy = Buffer.from(text).toString();
    const converted = convert(copy);
    table.set(copy, converted);
    return converted;
  };
}

/** The string itself, as one object for all strings that are equal. */
export const interned = internedBy((text) => text);
