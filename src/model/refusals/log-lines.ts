import { parseAddress } from "../net/address.ts";
import { failure, Reason } from "../status/failure.ts";
import { printable } from "../text/printable.ts";
import { failureOfAlertIn, type KnownFailure } from "./alerts.ts";
import { keywordOfGroup } from "./key-exchange-group.ts";

/** A line of charon's log that ends a negotiation, and what it means. */
interface KnownLine {
  readonly pattern: RegExp;
  readonly reason: Reason;
  /** The failure's message; the parts are those that the pattern captured. */
  readonly message: string | ((...parts: string[]) => string);
  /** Whether the line may follow from another one, which then has the cause. */
  readonly isConsequence?: true;
}

/** A part of a pattern: "DH group" until charon 5, "key exchange method" since charon 6. */
export const groupWords = "(?:DH group|key exchange method)";

/** The message for a peer that accepts none of the key exchange groups of an option. */
export function noCommonGroup(option: "proposals" | "esp_proposals", wanted: string): string {
  const keyword = keywordOfGroup(wanted);
  return `no common key exchange group: the peer asks for ${wanted}; put a proposal with ${keyword} into \`${option}\`, or have the peer accept a group of yours`;
}

/** A further remedy for a peer whose identity is an address: charon's log does not show its type. */
function ofAddress(identity: string): string {
  if (parseAddress(identity) === undefined) return "";
  return `; a peer that sends its address as a name needs the remoteId "@${identity}"`;
}

const childProposals = (wanted: string) => noCommonGroup("esp_proposals", wanted);

/**
 * The log lines in which charon reports why a negotiation failed, other than notifies and those that
 * {@link failureOfAlertIn} has. The texts are those of charon 5.9.8 to 6.1.
 *
 * Source: strongSwan, src/libcharon/sa: ike_sa.c and, below ikev2, task_manager_v2.c,
 * tasks/ike_init.c, ike_auth.c, child_create.c, child_delete.c, ike_delete.c and
 * authenticators/psk_authenticator.c; src/libstrongswan/credentials/auth_cfg.c.
 */
const lines: readonly KnownLine[] = [
  {
    pattern: /^unable to resolve (%any6?), initiate aborted$/,
    reason: Reason.ConfigRejected,
    message: "charon cannot initiate to `remoteAddr: %any`: set `start_action: none`",
  },
  {
    pattern: /^unable to resolve (.+), (?:initiate aborted|retrying in \d+s)$/,
    reason: Reason.AddressUnresolved,
    message: (name) => `charon cannot resolve ${name}, the name in remoteAddr`,
  },
  {
    pattern: new RegExp(`^configured ${groupWords} (\\S+) not supported$`),
    reason: Reason.ConfigRejected,
    message: (name) => `charon does not support the key exchange group ${name} of \`proposals\``,
  },
  {
    pattern: new RegExp(`^requested ${groupWords} (\\S+) not supported$`),
    reason: Reason.NoProposalChosen,
    message: (name) => `the peer asks for the key exchange group ${name}, which charon lacks`,
  },
  {
    pattern: new RegExp(`^requested ${groupWords} (\\S+) not contained in any of our proposals$`),
    reason: Reason.NoProposalChosen,
    message: childProposals,
  },
  {
    pattern: new RegExp(`^already retried with ${groupWords} \\S+, ignore requested (\\S+)$`),
    reason: Reason.NoProposalChosen,
    message: childProposals,
  },
  {
    pattern: /^(?:peers|peer's) proposal selection invalid$/,
    reason: Reason.NoProposalChosen,
    message: "the peer selected a proposal that `proposals` does not have",
  },
  {
    pattern: /^(?:peer DH group|peer's key exchange method) selection invalid$/,
    reason: Reason.NoProposalChosen,
    message: "the peer selected a key exchange group that `proposals` does not have",
  },
  {
    pattern: /^no acceptable traffic selectors found$/,
    reason: Reason.TrafficSelectorsRefused,
    message:
      "the peer answered with other networks: compare local_ips and remote_ips with the peer's, mirrored",
  },
  {
    pattern: /^traffic selectors (.*) === (.*) unacceptable$/,
    reason: Reason.TrafficSelectorsRefused,
    message: (ours, theirs) =>
      `the peer requests ${ours} on this side and ${theirs} on its own, and no child has them: compare local_ips and remote_ips`,
  },
  {
    pattern: /^(\S+) mode requested by responder is unacceptable$/,
    reason: Reason.PeerRefused,
    message: (mode) => `the peer answered with the mode ${mode}; it has to use tunnel mode`,
  },
  {
    pattern: /^(?:SA|TS) payloads? missing in message$/,
    reason: Reason.PeerRefused,
    message:
      "the peer established the IKE SA without a CHILD SA and gave no reason: compare local_ips, remote_ips and `esp_proposals` with the peer's",
  },
  {
    pattern: /^(?:unable to allocate SPIs? from kernel|allocating SPI failed)$/,
    reason: Reason.SaRejected,
    message: "the kernel did not allocate an SPI; charon's log has its answer",
  },
  {
    pattern: /^no shared key found for '(.*)' - '(.*)'$/,
    reason: Reason.AuthenticationFailed,
    message: (own, peer = "") =>
      `charon has no key for the peer ${peer}, with ${own} as its own identity: compare localId and remoteId with the identities in this message${ofAddress(peer)}`,
  },
  {
    pattern: /^tried \d+ shared keys? for '.*' - '(.*)', but MAC mismatched$/,
    reason: Reason.AuthenticationFailed,
    message: (peer) => `the pre-shared keys of the two sides differ; the peer calls itself ${peer}`,
  },
  {
    pattern: /^received IDr (.*), but require (.*)$/,
    reason: Reason.AuthenticationFailed,
    message: (expected, own) => `the peer expects the identity ${expected}, and localId is ${own}`,
  },
  {
    pattern: /^(PPK required but .*)$/,
    reason: Reason.AuthenticationFailed,
    message: (text) => `the two sides do not agree on a postquantum preshared key: ${text}`,
  },
  {
    pattern:
      /^(?:peer requested EAP, config unacceptable|configured EAP-only authentication, but peer does not support it|do not allow non-mutual EAP-only authentication)$/,
    reason: Reason.AuthenticationFailed,
    message: "the two sides do not agree on the method of authentication: the peer uses EAP",
  },
  {
    pattern:
      /^(server sent REDIRECT even though we disabled it|only \d+ redirects are allowed within \d+ seconds|received invalid REDIRECT notify|unable to resolve gateway ID '.*', redirect failed)$/,
    reason: Reason.PeerRefused,
    message: (text) => `the peer redirects to another gateway: ${text}`,
  },
  {
    pattern: /^(peer .* childless IKE_SA.*)$/,
    reason: Reason.ConfigRejected,
    message: (text) => `\`childless\` does not suit the peer: ${text}`,
  },
  {
    pattern: /^received DELETE for (IKE_SA|\S+ CHILD_SA)\b/,
    reason: Reason.PeerClosed,
    message: (sa) => `the peer ended the ${sa.replace("_", " ")}, without a reason`,
  },
  {
    pattern:
      /^(no nonce generator found to create nonce|nonce allocation failed|creating KE payload failed|critical unknown payloads found|message parsing failed|message verification failed|integrity check failed|found encrypted message, but no keys available|ID[ir] payload missing|KE payload missing in message|applying (?:DH|KE|key exchange) public (?:value|key) failed|key derivation failed|received an IPCOMP_SUPPORTED notify .*, no CHILD_SA built|received \S+ response, but expected \S+)$/,
    reason: Reason.ProtocolError,
    message: (text) => `charon could not create a message, or process one of the peer: ${text}`,
  },
  {
    pattern: /^(\S+ response with message ID \d+ processing failed|ignore invalid \S+ response)$/,
    reason: Reason.ProtocolError,
    message: (text) => `charon could not process a message of the peer: ${text}`,
    isConsequence: true,
  },
  {
    pattern: /^giving up after \d+ retries$/,
    reason: Reason.NegotiationFailed,
    message: "the peer asks for a cookie or another key exchange group each time",
    isConsequence: true,
  },
  {
    pattern: /^closing IKE_SA due CHILD_SA setup failure$/,
    reason: Reason.PeerRefused,
    message: "the IKE SA is up, but the CHILD SA failed, and neither side gave a reason",
    isConsequence: true,
  },
];

/**
 * The failure that a log line reports, with its alert, notifies apart; undefined if it reports none.
 */
export function failureOfLine(text: string): KnownFailure | undefined {
  for (const { pattern, reason, message, isConsequence } of lines) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const parts = match.slice(1).map(printable);
    const words = typeof message === "string" ? message : message(...parts);
    return { failure: failure(reason, words), ...(isConsequence && { isConsequence }) };
  }
  return failureOfAlertIn(text);
}
