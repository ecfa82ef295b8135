import { failure, Reason } from "../../model/status/failure.ts";
import { failureOf } from "../common/failure-of.ts";

/** The failure of an attempt without a result. */
export const noAnswer = failure(
  Reason.NegotiationFailed,
  "no CHILD SA was established, and neither charon nor the peer gave a reason",
);

/** The failure of an SA that ended without a command. */
export const closed = failure(
  Reason.PeerClosed,
  "the CHILD SA was closed; ipman brings it up again",
);

/** The failure of a rekey that does not end. */
export const rekeyOverdue = failure(
  Reason.RekeyOverdue,
  "a rekey did not complete; ipman brings the child up again",
);

/** Whether charon did not begin a negotiation and has the reason in its log. */
export function isUnexplained(error: unknown): boolean {
  return failureOf(error).reason === Reason.NegotiationFailed;
}
