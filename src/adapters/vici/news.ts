import type { IkeFigures } from "../../model/charon/sa-figures.ts";
import type { Failure } from "../../model/status/failure.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { failureOfNotify } from "../../model/charon/notify.ts";

/** What charon tells unasked. */
export type CharonNews =
  /** Something happened to SAs: the list has the truth. */
  | { readonly type: "sas.changed"; readonly figures: readonly IkeFigures[] }
  /** The peer of a connection said no, or nothing. */
  | { readonly type: "peer.notified"; readonly connection: string; readonly failure: Failure }
  /** An IKE SA of a connection has no path to its peer, and waits for one from now on. */
  | { readonly type: "path.missing"; readonly connection: string }
  /** A line of charon's log. */
  | {
      readonly type: "logged";
      readonly connection: string | undefined;
      readonly line: CharonLogLine;
    };

export interface CharonLogLine {
  /** IKE, NET, CFG, KNL …: the part of charon that speaks. */
  readonly group: string;
  readonly text: string;
}

const received = /\breceived ([A-Z][A-Z_0-9]+) (?:notify|error)/;
const deferral = /^no route found to reach peer, /;
const silence = /^(?:retransmit \d+ of request|giving up after \d+ retransmits)/;

/** True where an IKE SA waits for a path from now on; charon has no event of that. */
export function isDeferral(text: string): boolean {
  return deferral.test(text);
}

/**
 * What a log line says of the negotiation. The notify's name is the protocol's own (RFC
 * 7296), and until charon 6.0.3, whose `alert` event carries it, the log is the only
 * place where a client finds it.
 */
export function failureInLog(text: string, remote: string | undefined): Failure | undefined {
  const notify = received.exec(text)?.[1];
  if (notify !== undefined) return failureOfNotify(notify);
  if (!silence.test(text)) return undefined;
  const who = remote === undefined ? "the peer" : remote;
  return failure(
    Reason.PeerUnreachable,
    `${who} does not answer: check its address, and that UDP 500 and 4500 pass both ways`,
  );
}
