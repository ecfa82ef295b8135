import { failure, Reason, type Failure } from "../status/failure.ts";
import { printable } from "../text/printable.ts";
import { groupWords, meaningOfLine, noCommonGroup } from "./log-lines.ts";
import { failureOfNotify, failureOfUnknownNotify } from "./notify.ts";

/** A notify in a log line, by its name; the number of one that charon does not know. */
const notify = /\breceived ([A-Z]\w+|\(\d+\)) (?:notify|error)\b(.*)$/;
/** The rest of a line whose notify is an error. */
const isError = /^(?: error| notify|, no CHILD_SA built|, will retry later)/;
const anotherGroup = new RegExp(`^peer didn't accept ${groupWords} (\\S+), it requested (\\S+)$`);
const refusesGroup = /^(?:giving up after \d+ retries|received NO_PROPOSAL_CHOSEN notify error)$/;
const constraint = /^constraint (?:check failed|requires)/;
const refusesPeer = /^no alternative config found$/;
const begins = /^establishing CHILD_SA /;

/** The lines that were read of one IKE SA and that a later line may need. */
interface SaLines {
  /** Whether a line has given the cause of a failure. */
  explained: boolean;
  /** The key exchange group that the peer asked for last. */
  wanted: string | undefined;
  /** Why the authentication of the peer does not fit the connection. */
  constraint: string | undefined;
}

/** The number of IKE SAs whose lines are remembered. */
const mostSas = 256;

/**
 * Finds the failures of negotiations in charon's log, line by line. Until charon 6.0.3, whose
 * `alert` event has some of them, the log is the only place where a client finds them.
 */
export class NegotiationLog {
  readonly #sas = new Map<string, SaLines>();

  /**
   * The failure that the next line reports; undefined if it reports none, or follows from a line
   * that has reported it.
   *
   * @param sa the unique id of the IKE SA that the line is about
   */
  failureIn(text: string, sa: string): Failure | undefined {
    const lines = this.#linesOf(sa);
    if (begins.test(text)) {
      this.#sas.delete(sa);
      return undefined;
    }
    const found = noticed(lines, text) ?? failureInNotify(text);
    if (found !== undefined) {
      lines.explained = true;
      return found;
    }
    const meaning = meaningOfLine(text);
    if (meaning === undefined || (meaning.isConsequence && lines.explained)) return undefined;
    lines.explained ||= meaning.failure.reason !== Reason.PeerUnreachable;
    return meaning.failure;
  }

  #linesOf(sa: string): SaLines {
    const known = this.#sas.get(sa);
    if (known !== undefined) return known;
    const lines = { explained: false, wanted: undefined, constraint: undefined };
    this.#sas.set(sa, lines);
    const [oldest] = this.#sas.keys();
    if (this.#sas.size > mostSas && oldest !== undefined) this.#sas.delete(oldest);
    return lines;
  }
}

/** The failure that a line reports together with an earlier one, which is noted for it. */
function noticed(lines: SaLines, text: string): Failure | undefined {
  if (constraint.test(text)) lines.constraint = text;
  if (refusesPeer.test(text)) return unfitting(lines.constraint);
  const before = lines.wanted;
  const wanted = anotherGroup.exec(text)?.[2];
  if (wanted !== undefined) lines.wanted = wanted;
  // A peer may ask for another group once, which charon then uses.
  const isRefused = before !== undefined && (wanted !== undefined || refusesGroup.test(text));
  if (!isRefused) return undefined;
  const message = noCommonGroup("proposals", printable(wanted ?? before));
  return failure(Reason.NoProposalChosen, message);
}

function unfitting(why: string | undefined): Failure {
  const words = why === undefined ? "" : `: ${printable(why.trim())}`;
  return failure(
    Reason.AuthenticationFailed,
    `the identity or the method by which the peer authenticates is not the declared one${words}`,
  );
}

/** Names of notifies that mean no failure, such as MOBIKE_SUPPORTED, are skipped. */
function failureInNotify(text: string): Failure | undefined {
  const [, name = "", rest = ""] = notify.exec(text) ?? [];
  if (name === "") return undefined;
  const known = failureOfNotify(name);
  return known ?? (isError.test(rest) ? failureOfUnknownNotify(name) : undefined);
}
