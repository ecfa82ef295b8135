import { longestMessage } from "../api/schema/status.ts";
import { shortened } from "../text/shortened.ts";
import type { ConditionType } from "./condition-types.ts";

/** A condition of an object, as Kubernetes defines it. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** A condition as it is written into a status. */
export interface StatedCondition extends Condition {
  readonly observedGeneration: number;
  /** RFC 3339; changes only when `status` does. */
  readonly lastTransitionTime: string;
}

/** Completes conditions for a status. The transition time stays while `status` is unchanged. */
export function stated(
  conditions: readonly Condition[],
  before: readonly StatedCondition[],
  observedGeneration: number,
  now: string,
): StatedCondition[] {
  return conditions.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : now;
    const message = shortened(condition.message, longestMessage);
    return { ...condition, message, observedGeneration, lastTransitionTime };
  });
}

/** Whether the condition `Ready` is true. */
export function isReady({
  conditions,
}: {
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}): boolean {
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
