import type { Child } from "../api/connection.ts";
import type { ChildSa } from "./sa.ts";

/** Whether a CHILD SA that should have all networks of a child carries one pair of them. */
export function narrowedToPair(sa: ChildSa, { key, pairSets }: Child): boolean {
  const { name, localSelectors, remoteSelectors } = sa;
  const isPair = localSelectors.length === 1 && remoteSelectors.length === 1;
  return name === key && isPair && pairSets.length > 0;
}
