/** An error in a manifest: its place, and the remedy. */
export interface Problem {
  /** A dotted path from the root: `spec.children.net.if_id`. */
  readonly path: string;
  /** A sentence that names the error and the remedy. */
  readonly message: string;
}

/** The result of parsing: a value, or every problem. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The problem that a check found at a path, if it found one. */
export function problemAt(path: string, message: string | undefined): Problem[] {
  return message === undefined ? [] : [{ path, message }];
}
