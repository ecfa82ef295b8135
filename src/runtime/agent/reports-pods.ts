import { beatOf } from "../../machines/connection/elsewhere.ts";
import { hasSeveralGroups } from "../../model/api/group.ts";
import type { Running } from "../ports/running.ts";

/**
 * Whether this agent reports the pods of a connection that are not attached: of those of several
 * groups, the one that leads does.
 */
export function reportsPods(
  { roots, desired }: Pick<Running, "roots" | "desired">,
  id: string,
): boolean {
  const root = roots.get(id);
  if (root !== undefined) return beatOf(root.getSnapshot().context)?.leading !== false;
  const connection = desired.connections.get(id);
  return connection === undefined || !hasSeveralGroups(connection);
}
