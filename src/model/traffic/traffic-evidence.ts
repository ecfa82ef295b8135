import type { ChildCounters } from "./sa-counters.ts";

/** The traffic of a child since it came up, as far as counters show it. */
export interface TrafficEvidence {
  /** Whether a packet of the peer was accepted. */
  readonly received: boolean;
  /** Whether packets of the peer arrive and every one fails the integrity check. */
  readonly mismatch: boolean;
  /** The elapsed time, in milliseconds, at which packets had left and none had come back. */
  readonly sendingSince: number | undefined;
}

/** A doubt that a child carries traffic, although its CHILD SA is up. */
export type TrafficDoubt = "mismatch" | "nothing received";

/** Fewer packets prove nothing: one may be lost, or forged. */
const leastPackets = 3;

/** Milliseconds within which a peer that answers at all has answered. */
const patienceMs = 30_000;

/** @param now elapsed time in milliseconds */
export function trafficEvidence(
  before: TrafficEvidence | undefined,
  { packetsIn, packetsOut, integrityFailures }: ChildCounters,
  now: number,
): TrafficEvidence {
  const isAccepted = packetsIn > 0;
  const received = isAccepted || before?.received === true;
  // A rekey begins with new counters, and does not change what both sides have configured.
  const fails = integrityFailures >= leastPackets || before?.mismatch === true;
  const isSending = !received && (packetsOut >= leastPackets || before?.sendingSince !== undefined);
  return {
    received,
    mismatch: fails && !isAccepted,
    sendingSince: isSending ? (before?.sendingSince ?? now) : undefined,
  };
}

/**
 * The doubt that the evidence gives. Traffic without answers may be as intended, such as syslog over
 * UDP; a peer whose packets all fail the integrity check is a fault.
 */
export function trafficDoubt(
  { mismatch, sendingSince }: TrafficEvidence,
  now: number,
): TrafficDoubt | undefined {
  if (mismatch) return "mismatch";
  const isLate = sendingSince !== undefined && now - sendingSince >= patienceMs;
  return isLate ? "nothing received" : undefined;
}
