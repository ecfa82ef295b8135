/** The first item of a list of texts; undefined if there is none. */
export function first(value: unknown): string | undefined {
  return Array.isArray(value) ? text(value[0]) : undefined;
}

/** The text of a value; empty for a section, a list or undefined. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
