/**
 * Why something is not as it should be. Reasons are part of the API: they appear in
 * conditions, events, metrics and alerts.
 */
export const Reason = {
  /** The document has problems; the last good version goes on. */
  SpecInvalid: "SpecInvalid",
  /** The Secret, or its key, is not there. */
  SecretMissing: "SecretMissing",
  /** The value in the Secret is not a key. */
  SecretInvalid: "SecretInvalid",
  /** Another connection has another key, and charon could take one for the other. */
  SecretConflict: "SecretConflict",
  /** The Secret cannot be read: most often there is no right to. */
  SecretUnreadable: "SecretUnreadable",
  /** The Secret does not permit the connection to use its keys, or is not there. */
  SecretNotPermitted: "SecretNotPermitted",
  /** The CharonGroup that the connection names is not there. */
  GroupMissing: "GroupMissing",
  /** Another charon has the network of the node. */
  NodeOccupied: "NodeOccupied",
  /** The pod of a charon, or of its agent, does not run. */
  PodsUnavailable: "PodsUnavailable",
  /** No agent tells how the connection is. */
  AgentSilent: "AgentSilent",
  /** charon does not answer on its VICI socket. */
  CharonUnavailable: "CharonUnavailable",
  /** The gateway's namespace or devices are not in place. */
  GatewayNotReady: "GatewayNotReady",
  /** charon refused the connection's configuration; the message is its own. */
  ConfigRejected: "ConfigRejected",
  /** The peer does not accept our credentials or identity, or we not its. */
  AuthenticationFailed: "AuthenticationFailed",
  /** Peer and we have no common IKE or ESP proposal. */
  NoProposalChosen: "NoProposalChosen",
  /** The peer does not accept the traffic selectors. */
  TrafficSelectorsRefused: "TrafficSelectorsRefused",
  /** The peer has no configuration for these addresses, or none it may use. */
  PeerRefused: "PeerRefused",
  /** The peer does not answer. */
  PeerUnreachable: "PeerUnreachable",
  /** The peer, or somebody, ended the SA. */
  PeerClosed: "PeerClosed",
  /** No SA came about, and nobody said why. */
  NegotiationFailed: "NegotiationFailed",
  /** An SA carries traffic, and is not what is declared; a new one came out the same. */
  SaDiffers: "SaDiffers",
  /** One state was entered again and again; the message names it, and the cause. */
  LoopDetected: "LoopDetected",
  /** A rekey that was due did not happen. */
  RekeyOverdue: "RekeyOverdue",
  /** The probe behind the peer does not answer. */
  ProbeUnanswered: "ProbeUnanswered",
  /** The kernel refused a link, an address, a route or an entry. */
  NetworkRejected: "NetworkRejected",
  /** The system or the kernel lacks what packet filters need; without them nothing is carried. */
  PacketFilterUnavailable: "PacketFilterUnavailable",
  /** Nothing is wrong; it is not done yet. */
  InProgress: "InProgress",
  /** A defect in ipman itself. */
  Internal: "Internal",
} as const;

export type Reason = (typeof Reason)[keyof typeof Reason];

/** A reason with a sentence for people. Nothing secret, nothing that changes by the second. */
export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  /** False where only a change of spec or secret helps. */
  readonly retryable: boolean;
}

/** Failures that trying again does not mend. */
const final: ReadonlySet<Reason> = new Set([
  Reason.SpecInvalid,
  Reason.SecretInvalid,
  Reason.SecretConflict,
  Reason.SecretNotPermitted,
  Reason.NodeOccupied,
  Reason.ConfigRejected,
  Reason.AuthenticationFailed,
  Reason.NoProposalChosen,
  Reason.TrafficSelectorsRefused,
  Reason.PeerRefused,
]);

export function failure(reason: Reason, message: string): Failure {
  return { reason, message, retryable: !final.has(reason) };
}
