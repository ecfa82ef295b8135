/** What a check of a diagnosis found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** The child's key; undefined of what the whole connection depends on. */
  readonly child?: string;
  /**
   * `problem`: traffic does not pass, or will not, for this. `note`: worth knowing.
   * `skipped`: it cannot be told while something before it is wrong, or without more words.
   */
  readonly verdict: "ok" | "problem" | "note" | "skipped";
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, verdict: "ok", message };
}

export function problem(check: string, message: string, hint: string): Finding {
  return { check, verdict: "problem", message, hint };
}

export function note(check: string, message: string, hint?: string): Finding {
  return { check, verdict: "note", message, ...(hint !== undefined && { hint }) };
}

export function skipped(check: string, message: string): Finding {
  return { check, verdict: "skipped", message };
}
