import { longestMessage } from "../api/schema/status.ts";
import { shortened } from "../text/shortened.ts";

/** One of Kubernetes' conditions, as data. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** A condition as an object's status has it. */
export interface StatedCondition extends Condition {
  readonly observedGeneration: number;
  /** RFC 3339; moves with the status alone. */
  readonly lastTransitionTime: string;
}

/** The conditions with their times: that of an earlier one, where its status is the same. */
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

/** Whether the condition that sums up the others holds. */
export function isReady({
  conditions,
}: {
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}): boolean {
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
