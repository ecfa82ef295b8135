import type { Condition } from "../../model/status/condition.ts";
import type { ConditionType } from "../../model/status/condition-types.ts";
import type { Failure } from "../../model/status/failure.ts";

/** A check that decides one condition. */
export interface Check<Facts> {
  readonly type: ConditionType;
  /** The condition's message if the check passes. */
  readonly message: string | ((facts: Facts) => string);
  /** Why the check fails; undefined if it passes. */
  readonly lacks: (facts: Facts) => Failure | undefined;
}

/** The conditions that the checks give, in their order. */
export function judged<Facts>(checks: readonly Check<Facts>[], facts: Facts): Condition[] {
  return checks.map(({ type, message, lacks }) =>
    condition(type, lacks(facts), typeof message === "string" ? message : message(facts)),
  );
}

/** Why the first failing check fails. */
export function firstLack<Facts>(
  checks: readonly Check<Facts>[],
  facts: Facts,
): Failure | undefined {
  return first(checks, ({ lacks }) => lacks(facts));
}

/** `Ready`, and while it is false also `Reconciling` or `Stalled`, as kstatus defines them. */
export function summary(lack: Failure | undefined, message: string): Condition[] {
  const ready = condition("Ready", lack, message);
  if (lack === undefined) return [ready];
  const { reason } = ready;
  const type = lack.retryable ? "Reconciling" : "Stalled";
  return [ready, { type, status: "True", reason, message: lack.message }];
}

/** The condition of a check: true without a failure. */
export function condition(
  type: ConditionType,
  lack: Failure | undefined,
  message: string,
): Condition {
  if (lack === undefined) return trueCondition(type, message);
  return { type, status: "False", reason: lack.reason, message: lack.message };
}

/** True conditions are shared: thousands of connections have the same ones. */
const trueConditions = new Map<string, Condition>();

function trueCondition(type: ConditionType, message: string): Condition {
  const key = `${type} ${message}`;
  const shared = trueConditions.get(key) ?? { type, status: "True", reason: type, message };
  trueConditions.set(key, shared);
  return shared;
}

/** The first result that is not undefined. */
export function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
