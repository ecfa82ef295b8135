/** One thing wrong with a document: where, and what to do about it. */
export interface Problem {
  /** Dotted, from the document's root: `spec.children.net.if_id`. */
  readonly path: string;
  /** A sentence that says what is wrong and names the way out. */
  readonly message: string;
}

/** What parsing gives: a value, or every problem at once. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The problem that a check found at a path, if it found one. */
export function problemAt(path: string, message: string | undefined): Problem[] {
  return message === undefined ? [] : [{ path, message }];
}
