/** The result of one check of a diagnosis. */
export interface Finding {
  /** The subject of the check, in a word or two. */
  readonly check: string;
  /** The child's key; undefined for a check of the whole connection. */
  readonly child?: string;
  /** The path that the finding is about; undefined unless the connection has several. */
  readonly path?: string;
  /**
   * `problem`: it stops traffic, or will. `note`: worth knowing. `skipped`: an earlier problem or a
   * missing option prevents the check.
   */
  readonly verdict: "ok" | "problem" | "note" | "skipped";
  readonly message: string;
  /** The remedy. */
  readonly hint?: string;
}

/** A check that passed. */
export function ok(check: string, message: string): Finding {
  return { check, verdict: "ok", message };
}

/** A check that found what stops traffic. */
export function problem(check: string, message: string, hint: string): Finding {
  return { check, verdict: "problem", message, hint };
}

/** A check that found something worth knowing. */
export function note(check: string, message: string, hint?: string): Finding {
  return { check, verdict: "note", message, ...(hint !== undefined && { hint }) };
}

/** A check that could not run. */
export function skipped(check: string, message: string): Finding {
  return { check, verdict: "skipped", message };
}
