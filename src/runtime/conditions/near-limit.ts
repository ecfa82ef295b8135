import type { Condition } from "../../model/status/condition.ts";
import type { ChildStatus } from "../../model/status/status.ts";

/** `NearLimit`, for children whose gateways track almost as many connections as the kernel can. */
export function nearLimit(children: readonly Pick<ChildStatus, "tracking">[]): Condition[] {
  const near = children.flatMap(({ tracking }) => tracking ?? []);
  const [first] = near;
  if (first === undefined) return [];
  const message = near.map((one) => one.message).join("; ");
  return [{ type: "NearLimit", status: "True", reason: first.reason, message }];
}
