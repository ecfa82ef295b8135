/** Beyond so many different strings the table begins anew; what it gave stays good. */
const most = 50_000;

const table = new Map<string, string>();

/**
 * The string itself, as one object for all that are equal. Strings that were cut out of a
 * message keep the whole message in memory; these do not.
 */
export function interned(text: string): string {
  const known = table.get(text);
  if (known !== undefined) return known;
  if (table.size >= most) table.clear();
  const copy = Buffer.from(text).toString();
  table.set(copy, copy);
  return copy;
}
