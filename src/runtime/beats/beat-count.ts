/** The direction of a datagram. */
export type BeatDirection = "sent" | "received";

/**
 * The result of a datagram: `accepted`; `failed` to be sent; or why it was refused, such as `forged`, if
 * its authentication is wrong, and `unproven`, if it belongs to a session that has yet to prove itself.
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
  | "unproven";

/** Counts a datagram. */
export type BeatCount = (direction: BeatDirection, result: BeatResult) => void;
