import { isHere } from "../../model/api/path.ts";
import type { PathDecision } from "../failover/failover-types.ts";
import type { ConnectionContext } from "./connection-types.ts";

/**
 * A planned move to a path that lacks CHILD SAs alone. A peer with policies accepts packets by the CHILD
 * SA alone that it made last, so what workers send waits for it, for a limited time: in the gateways of
 * the group to which the path belongs, which carry the traffic from then on.
 */

/** The longest time; the exchange for a CHILD SA takes a round trip, or more if a message is lost. */
export const handoverMs = 500;

/** The gateways of another group announce themselves first, and packets to the former ones arrive. */
export const announcingMs = 100;

export const handoverId = "handover";
export const diallingId = "dialling";

type Handing = Pick<ConnectionContext, "connection" | "active" | "choice">;

/** The path for which packets wait after a decision. */
export function awaitedBy(
  { dialled, choice: { awaited, ready } }: Pick<ConnectionContext, "dialled" | "choice">,
  decision: PathDecision,
): string | undefined {
  if (decision.dialled === undefined) return undefined;
  if (decision.dialled === dialled) return awaited;
  return isPlanned(decision) && ready.includes(decision.dialled) ? decision.dialled : undefined;
}

/** Whether the gateways of this group carry the traffic of the workers. */
export function carries({ connection, active, choice }: Handing): boolean {
  return isHere(connection, choice.awaited ?? active);
}

/** Whether packets wait in the gateways of this group. */
export function holds({
  connection,
  choice: { awaited },
}: Pick<Handing, "connection" | "choice">): boolean {
  return awaited !== undefined && isHere(connection, awaited);
}

/** Whether the awaited path gets its CHILD SAs after the gateways of this group have announced themselves. */
export function dialsLater(handing: Handing): boolean {
  return holds(handing) && !isHere(handing.connection, handing.active);
}

/**
 * Whether the path that a decision leaves works. The IKE SA of one that was lost may be up for
 * minutes: a standby needs one whose peer answers.
 */
export function isPlanned({ cause }: Pick<PathDecision, "cause">): boolean {
  return cause === "move" || cause === "failback" || cause === "drain";
}
