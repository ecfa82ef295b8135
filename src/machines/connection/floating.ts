import type { Connection, FloatingAddress } from "../../model/api/connection.ts";
import { isHere } from "../../model/api/path.ts";
import { memo } from "../../model/value/memo.ts";
import type { PathDecision } from "../failover/failover-types.ts";
import type { ConnectionContext, ConnectionEvent } from "./connection-types.ts";

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
  holdsAddress,
}: Pick<ConnectionContext, "connection" | "holdsAddress">): boolean {
  return floatingOf(connection) === undefined || holdsAddress;
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
  { groups }: Pick<ConnectionContext, "groups">,
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

/** Whether the agent of another node ceases to lead, or is heard again, while this node has the address. */
export function isContested(
  { holdsAddress, groups }: Pick<ConnectionContext, "holdsAddress" | "groups">,
  event: ConnectionEvent,
): boolean {
  if (event.type !== "beat.heard" || !holdsAddress || event.beat.leading) return false;
  const known = groups[event.group]?.beat;
  return known === undefined || known.leading;
}
