/** Whether the agent of a group, or at least its node, is there. Unknown at the begin. */
export type Presence = "unknown" | "present" | "absent";

/** Milliseconds between two rounds of beats. */
export const roundMs = 100;
/** So many rounds, or requests, without a sign of life prove an absence. */
const mostMissed = 3;
/** An echo request that is younger may still be answered, in milliseconds. */
const answerMs = 40;
/** Without beats, a node that never answered an echo is absent after this time. */
const unwatchedMs = 3_000;
/** Without beats, the agent of a node that answers is absent after this time. */
const agentMs = 30_000;

/**
 * Judges from beats and echoes whether a peer is absent. A node is absent once beats and echoes are
 * missing for three rounds. An agent that restarts is not: charon and kernel carry on without it, and
 * its node answers echoes; it is absent after half a minute. If no echo was ever answered, as with a
 * network that drops them, silence means less, since a busy agent is silent for a second.
 */
export class PeerPresence {
  #presence: Presence = "unknown";
  #heardAt: number;
  /** Whether a beat came since the last judgement. */
  #isHeard = false;
  #missed = 0;
  #answeredAt: number | undefined;
  /** When echoes were requested since the last sign of life. */
  #asked: number[] = [];

  constructor(now: number) {
    this.#heardAt = now;
  }

  get presence(): Presence {
    return this.#presence;
  }

  /** Whether echoes are needed at once. */
  get isSuspect(): boolean {
    return this.#missed > 0 && this.#presence !== "absent";
  }

  /** Takes a beat. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#isHeard = true;
    this.#missed = 0;
    this.#asked = [];
    this.#presence = "present";
  }

  /** Echoes are requested from all targets. */
  asked(now: number): void {
    this.#asked = [...this.#asked.slice(-mostMissed), now];
  }

  /** One of them was answered. */
  answered(now: number): void {
    this.#answeredAt = now;
    this.#asked = [];
  }

  /** Judges a round that was on time, after everything was read that has arrived. */
  judge(now: number): Presence {
    if (!this.#isHeard) this.#missed += 1;
    this.#isHeard = false;
    if (this.#missed >= mostMissed && this.#isGone(now)) this.#presence = "absent";
    return this.#presence;
  }

  #isGone(now: number): boolean {
    const silentMs = now - this.#heardAt;
    if (silentMs >= agentMs) return true;
    if (this.#answeredAt === undefined) return silentMs >= unwatchedMs;
    const unanswered = this.#asked.filter((at) => now - at >= answerMs).length;
    return unanswered >= mostMissed && now - this.#answeredAt >= mostMissed * roundMs;
  }
}
