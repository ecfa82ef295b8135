import type { Connection, FloatingAddress } from "../../model/api/connection.ts";
import { isHere } from "../../model/api/path.ts";
import { memo } from "../../model/value/memo.ts";
import type { PathDecision } from "../failover/failover-types.ts";
import type { ConnectionContext } from "./connection-types.ts";
import type { PathChoice } from "./path-choice.ts";

/**
 * A floating address: the node of the active path has it, and charon dials once it has. A standby cannot
 * have an IKE SA, so that each takeover dials.
 */

/** The longest time for which packets wait for a path that takes the address over: a dial from the beginning. */
export const takeoverMs = 1_500;

/** The address that moves between the groups of a connection. */
export function floatingOf({ floating, here }: Connection): FloatingAddress | undefined {
  return here === undefined ? undefined : floating;
}

/** Whether charon can dial: a connection with a floating address needs that first. */
export function canDial({
  connection,
  choice,
}: Pick<ConnectionContext, "connection" | "choice">): boolean {
  return floatingOf(connection) === undefined || choice.address.holds;
}

/** Whether a decision brings the address here. */
export function takesAddress(
  { connection, active }: Pick<ConnectionContext, "connection" | "active">,
  decision: Pick<PathDecision, "active">,
): boolean {
  if (floatingOf(connection) === undefined) return false;
  return isHere(connection, decision.active) && !isHere(connection, active);
}

/** Whether a decision was made here: each decision that was heard is that of the last report of a group. */
export function isOwnDecision(
  { groups }: Pick<PathChoice, "groups">,
  { epoch = 0 }: Pick<PathDecision, "epoch">,
): boolean {
  return Object.values(groups).every(({ beat }) => beat === undefined || beat.epoch < epoch);
}

/**
 * The active path after it took the address over: it is dialled also if the peer brings it up otherwise,
 * which the peer does only once it has noticed the loss of the former SAs.
 */
export const dialledAtTakeover = memo((connection: Connection): Connection => ({
  ...connection,
  children: connection.children.map((child) =>
    child.initiates ? child : { ...child, initiates: true },
  ),
}));
