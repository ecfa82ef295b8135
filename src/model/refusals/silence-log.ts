const retransmission = /^retransmit (\d+) of request/;
const answer = /^parsed [A-Z_]+ response \d+ \[/;

/** The retransmission of a request from which on the peer counts as silent. */
const silentFrom = 2;

/** The number of IKE SAs whose retransmissions are remembered. */
const mostSas = 256;

/** A change that a line or an alert reports about the peer of an IKE SA. */
export type SilenceChange = "peer.silent" | "peer.answers";

/**
 * Finds in charon's log, or in its alerts, when the peer of an IKE SA does not answer a request that charon
 * repeats, and when it answers again.
 */
export class SilenceLog {
  /** The retransmissions of the request under way, by the unique id of the IKE SA. */
  readonly #sent = new Map<string, number>();

  /** The change that a line about an IKE SA reports; undefined if it reports none. */
  read(line: string, sa: string): SilenceChange | undefined {
    if (answer.test(line)) return this.#answered(sa);
    const number = retransmission.exec(line)?.[1];
    return number === undefined ? undefined : this.#retransmitted(sa, Number(number));
  }

  /** The same for an alert, which does not have the number of the retransmission. */
  readAlert(type: string, sa: string): SilenceChange | undefined {
    if (type === "retransmit-send-cleared") return this.#answered(sa);
    if (type !== "retransmit-send") return undefined;
    return this.#retransmitted(sa, (this.#sent.get(sa) ?? 0) + 1);
  }

  #retransmitted(sa: string, number: number): SilenceChange | undefined {
    const before = this.#sent.get(sa) ?? 0;
    this.#sent.delete(sa);
    this.#sent.set(sa, number);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > mostSas && oldest !== undefined) this.#sent.delete(oldest);
    return before < silentFrom && number >= silentFrom ? "peer.silent" : undefined;
  }

  #answered(sa: string): SilenceChange | undefined {
    const before = this.#sent.get(sa) ?? 0;
    this.#sent.delete(sa);
    return before >= silentFrom ? "peer.answers" : undefined;
  }
}
