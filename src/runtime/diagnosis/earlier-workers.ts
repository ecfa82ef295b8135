import { hasSeveralGroups } from "../../model/api/group.ts";
import { note, type Finding } from "../../model/status/finding.ts";
import type { Placed } from "./examiner.ts";

/** The most workers that are named. */
const mostNamed = 5;

/** Reports workers that were attached when their child had one gateway, which makes moves lossy. */
export function earlierWorkers({
  connection,
  workers,
}: Pick<Placed, "connection" | "workers">): Finding[] {
  const earlier = workers.filter(({ severalGateways }) => severalGateways !== true);
  if (!hasSeveralGroups(connection) || earlier.length === 0) return [];
  const names = earlier.slice(0, mostNamed).map(({ id }) => id);
  const others = earlier.length - names.length;
  const list = others === 0 ? names.join(", ") : `${names.join(", ")} and ${others} more`;
  return [
    note(
      "workers",
      `attached before the connection had paths on several nodes: ${list}; until they are gone, packets may be lost each time that another node takes over`,
      "create these pods again, for example by `kubectl rollout restart`",
    ),
  ];
}
