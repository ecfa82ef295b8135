import type { Failure } from "./failure.ts";
import type { ChildStatus } from "./status.ts";

/** The failure of a child, or else the doubt about its traffic, for people. */
export function childTrouble({
  failure,
  traffic,
}: Pick<ChildStatus, "failure" | "traffic">): Failure | undefined {
  return failure ?? traffic;
}
