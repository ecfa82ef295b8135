import type { Standby } from "../api/schema/ipsec-connection.ts";
import type { Failure } from "./failure.ts";

/** The limits of a peer that were seen while several paths were up, each with the evidence. */
export interface PeerLimits {
  /** Its answers follow the CHILD SA that was established last. */
  readonly takesLast?: Failure;
  /** It keeps one IKE SA alone for an identity. */
  readonly keepsOne?: Failure;
}

export const noLimits: PeerLimits = {};

/** How a path stands by: as it is declared, as far as the peer's limits allow. */
export function standbyWithin({ takesLast, keepsOne }: PeerLimits, declared: Standby): Standby {
  if (keepsOne !== undefined) return "cold";
  return takesLast !== undefined && declared === "hot" ? "warm" : declared;
}
