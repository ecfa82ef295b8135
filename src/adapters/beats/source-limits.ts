/** The datagrams that are read of one sender in a second; a peer with a thousand connections sends fewer. */
const mostOfSource = 500;
/** The senders that are known in a second: an agent has a few peers. */
const mostSources = 256;
const windowMs = 1_000;

/** Limits the datagrams of each sender per second. */
export class SourceLimits {
  readonly #counts = new Map<string, number>();
  #windowAt = 0;

  /** Whether a datagram that arrives now is within the limits. */
  admits(source: string, now: number): boolean {
    if (now - this.#windowAt >= windowMs) {
      this.#windowAt = now;
      this.#counts.clear();
    }
    const count = this.#counts.get(source) ?? 0;
    if (count === 0 && this.#counts.size >= mostSources) return false;
    this.#counts.set(source, count + 1);
    return count < mostOfSource;
  }
}
