/** The direction of a datagram. */
export type BeatDirection = "sent" | "received";

/**
 * The result of a datagram: `accepted`; `failed` to be sent; or why it was refused, such as `forged`, if
 * its authentication is wrong, `unproven`, if it belongs to a session that has yet to prove itself, and `unheard`, if its
 * sender does not hear this agent.
 */
export type BeatResult =
  | "accepted"
  | "failed"
  | "flood"
  | "malformed"
  | "unknown_sender"
  | "unknown_version"
  | "forged"
  | "replayed"
  | "unproven"
  | "unheard";

/** Counts a datagram. */
export type BeatCount = (direction: BeatDirection, result: BeatResult) => void;
