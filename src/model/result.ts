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

export function success<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** The value if nothing is wrong with it. */
export function resultOf<T>(value: T, problems: readonly Problem[]): Result<T> {
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
}
