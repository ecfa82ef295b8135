import { failure, Reason, type Failure } from "../status/failure.ts";
import { own } from "../value/own.ts";

type Meaning = readonly [Reason, string];

const unprocessed = (what: string): Meaning => [
  Reason.ProtocolError,
  `the peer could not process a message of charon: ${what}`,
];
const ownReason = (what: string): Meaning => [Reason.PeerRefused, `the peer ${what}`];

/**
 * The notifies by which a peer refuses a request (RFC 7296, section 3.10.1; RFC 2408, section
 * 3.14.1), by charon's names, with the failure that each means.
 */
const notifies: Readonly<Record<string, Meaning>> = {
  UNSUPPORTED_CRITICAL_PAYLOAD: unprocessed("it does not know a payload"),
  INVALID_IKE_SPI: unprocessed("it does not have the IKE SA"),
  INVALID_MAJOR_VERSION: unprocessed("it does not accept the version of IKE; compare `version`"),
  INVALID_SYNTAX: unprocessed("it calls the message malformed"),
  PAYLOAD_MALFORMED: [
    Reason.AuthenticationFailed,
    "the peer could not decrypt a message of charon: with IKEv1, the pre-shared keys differ",
  ],
  INVALID_MESSAGE_ID: unprocessed("it expected another message ID"),
  INVALID_SPI: unprocessed("it does not have the CHILD SA"),
  NO_PROPOSAL_CHOSEN: [
    Reason.NoProposalChosen,
    "no common proposal: compare proposals and esp_proposals on both sides",
  ],
  INVALID_KE_PAYLOAD: [
    Reason.NoProposalChosen,
    "no common key exchange group: compare the groups in the proposals on both sides",
  ],
  INVALID_ID_INFORMATION: [
    Reason.TrafficSelectorsRefused,
    "the peer refused the identity or, with IKEv1, the networks: compare them on both sides",
  ],
  AUTHENTICATION_FAILED: [
    Reason.AuthenticationFailed,
    "the peer refused the authentication: compare the pre-shared key, localId and remoteId on both sides",
  ],
  SINGLE_PAIR_REQUIRED: [
    Reason.TrafficSelectorsRefused,
    "the peer accepts one pair of networks for each CHILD SA: set selectorMode: perPair",
  ],
  NO_ADDITIONAL_SAS: ownReason("accepts no further children"),
  INTERNAL_ADDRESS_FAILURE: ownReason(
    "has no address to assign: it treats this side as a remote-access client",
  ),
  FAILED_CP_REQUIRED: ownReason(
    "requires that this side requests an address: it treats this side as a remote-access client",
  ),
  TS_UNACCEPTABLE: [
    Reason.TrafficSelectorsRefused,
    "the peer refused the traffic selectors: compare local_ips and remote_ips with the peer's, mirrored",
  ],
  INVALID_SELECTORS: [
    Reason.TrafficSelectorsRefused,
    "the peer got a packet outside the traffic selectors: compare local_ips and remote_ips with the peer's, mirrored",
  ],
  UNACCEPTABLE_ADDRESSES: ownReason("does not accept the address that this side moved to (MOBIKE)"),
  UNEXPECTED_NAT_DETECTED: ownReason("does not accept the NAT between the two sides"),
  TEMPORARY_FAILURE: [
    Reason.PeerBusy,
    "the peer cannot take the request at present (TEMPORARY_FAILURE); charon repeats it",
  ],
  CHILD_SA_NOT_FOUND: [Reason.PeerClosed, "the peer no longer has the CHILD SA"],
};

/** The failure that a notify means; undefined if it is unknown. */
export function failureOfNotify(name: string): Failure | undefined {
  const known = own(notifies, name);
  return known === undefined ? undefined : failure(known[0], known[1]);
}

/** The failure of an error notify that has no meaning of its own here, by its name or number. */
export function failureOfUnknownNotify(name: string): Failure {
  const [reason, message] = ownReason(
    `refused with the notify ${name.replace(/^\((.*)\)$/, "$1")}`,
  );
  return failure(reason, message);
}
