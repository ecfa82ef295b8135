import type { Condition } from "../../model/status/condition.ts";
import type { Failure } from "../../model/status/failure.ts";

/** A named check: undefined where it holds. */
export interface Check<Facts> {
  readonly type: string;
  /** What is so where it holds. */
  readonly message: string;
  readonly lacks: (facts: Facts) => Failure | undefined;
}

/** A condition for each check. */
export function judged<Facts>(checks: readonly Check<Facts>[], facts: Facts): Condition[] {
  return checks.map(({ type, message, lacks }) => condition(type, lacks(facts), message));
}

/** What the first check that does not hold lacks. */
export function firstLack<Facts>(
  checks: readonly Check<Facts>[],
  facts: Facts,
): Failure | undefined {
  return first(checks, ({ lacks }) => lacks(facts));
}

/** `Ready`, and while it is not, which of the two it is: work, or a dead end (kstatus). */
export function summary(lack: Failure | undefined, message: string): Condition[] {
  const ready = condition("Ready", lack, message);
  if (lack === undefined) return [ready];
  const { reason } = ready;
  const type = lack.retryable ? "Reconciling" : "Stalled";
  return [ready, { type, status: "True", reason, message: lack.message }];
}

export function condition(type: string, lack: Failure | undefined, message: string): Condition {
  if (lack === undefined) return holding(type, message);
  return { type, status: "False", reason: lack.reason, message: lack.message };
}

/** One object for all who are well: thousands are, and each has its status at hand. */
const held = new Map<string, Condition>();

function holding(type: string, message: string): Condition {
  const key = `${type} ${message}`;
  const known = held.get(key) ?? { type, status: "True", reason: type, message };
  held.set(key, known);
  return known;
}

/** What is found in the first item that has it. */
export function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
