import { own } from "../value/own.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";

/**
 * The IKE notifies by which a peer refuses a request (RFC 7296, section 3.10.1), with the failure
 * that each means.
 */
const notifies: Record<string, readonly [Reason, string]> = {
  AUTHENTICATION_FAILED: [
    Reason.AuthenticationFailed,
    "the peer refused the authentication: compare the pre-shared key, localId and remoteId on both sides",
  ],
  NO_PROPOSAL_CHOSEN: [
    Reason.NoProposalChosen,
    "no common proposal: compare proposals and esp_proposals on both sides",
  ],
  INVALID_KE_PAYLOAD: [
    Reason.NoProposalChosen,
    "no common key exchange group: compare the groups in the proposals on both sides",
  ],
  TS_UNACCEPTABLE: [
    Reason.TrafficSelectorsRefused,
    "the peer refused the traffic selectors: compare local_ips and remote_ips with the peer's, mirrored",
  ],
  SINGLE_PAIR_REQUIRED: [
    Reason.TrafficSelectorsRefused,
    "the peer accepts one pair of networks for each CHILD SA: set selectorMode: perPair",
  ],
  NO_ADDITIONAL_SAS: [Reason.PeerRefused, "the peer accepts no further children"],
};

/** The failure that a notify means; undefined if it does not end a negotiation. */
export function failureOfNotify(name: string): Failure | undefined {
  const known = own(notifies, name);
  return known === undefined ? undefined : failure(known[0], known[1]);
}
