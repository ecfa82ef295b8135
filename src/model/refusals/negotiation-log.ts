import { failure, Reason, type Failure } from "../status/failure.ts";
import { printable } from "../text/printable.ts";
import { meaningOfAlert, type KnownFailure } from "./alerts.ts";
import { failureOfLine, groupWords, noCommonGroup } from "./log-lines.ts";
import { failureOfNotify, failureOfUnknownNotify, ignoredNotifies } from "./notify.ts";
import { refusedRekeyIn, type RefusedRekey } from "./refused-rekey.ts";
import { own } from "../value/own.ts";

/** A notify in a log line, by its name; the number of one that charon does not know. */
const notify = /\breceived ([A-Z]\w+|\(\d+\)) (?:notify|error)\b(.*)$/;
/** The rest of a line whose notify is an error. */
const isError = /^(?: error| notify|, no CHILD_SA built|, will retry later)/;
const anotherGroup = new RegExp(`^peer didn't accept ${groupWords} (\\S+), it requested (\\S+)$`);
const refusesGroup = /^(?:giving up after \d+ retries|received NO_PROPOSAL_CHOSEN notify error)$/;
const constraint = /^constraint (?:check failed|requires)/;
const refusesPeer = /^no alternative config found$/;
const begins = /^establishing CHILD_SA (\S+)\{\d+\}/;
/** An answer that consists of notifies, by their short names. */
const onlyNotifies = /^parsed IKE_AUTH response \d+ \[((?: N\(\w+\))+) \]$/;
const identityMissing = "IDr payload missing";

/** The lines and alerts that were read of one IKE SA and that a later one may need. */
interface SaReports {
  /** Whether the cause of a failure is known. */
  explained: boolean;
  /** The last failure. */
  cause: Failure | undefined;
  /** The configuration of the CHILD SA that charon negotiated last. */
  child: string | undefined;
  /** The key exchange group that the peer asked for last. */
  wanted: string | undefined;
  /** Why the peer refused the CHILD SA, in an answer without its identity. */
  refusal: Failure | undefined;
  /** Why the authentication of the peer does not fit the connection. */
  constraint: string | undefined;
  /** Why charon does not accept a certificate of the peer. */
  certificate: Failure | undefined;
  /** The failure of an alert, until a line has given its details or {@link settleMs} have passed. */
  alerted: Failure | undefined;
  /** When a line reported a failure last. */
  reportedAt: number;
}

const nothing: SaReports = {
  explained: false,
  cause: undefined,
  child: undefined,
  wanted: undefined,
  refusal: undefined,
  constraint: undefined,
  certificate: undefined,
  alerted: undefined,
  reportedAt: Number.NEGATIVE_INFINITY,
};

/** The number of IKE SAs whose reports are remembered. */
const mostSas = 256;

/**
 * Milliseconds between an alert and the lines about the same failure. charon sends an alert at once,
 * and its log from another thread: lines that it logged before an alert usually follow it.
 */
export const settleMs = 100;

/** The abilities of the charon at the other end, and the clock. */
export interface NegotiationLogOptions {
  /** Whether charon sends alerts, which then replace the lines that say no more than they. */
  readonly hasAlerts?: boolean;
  /** The time in milliseconds. */
  readonly now?: () => number;
}

/**
 * Finds the failures of negotiations in charon's log, line by line, and in its alerts. Until charon
 * 6.0.3, which has no alerts, the log is the only place where a client finds them. A failure is
 * reported once: by a line that has details, or else by the alert.
 */
export class NegotiationLog {
  readonly #sas = new Map<string, SaReports>();
  readonly #hasAlerts: boolean;
  readonly #now: () => number;

  constructor({ hasAlerts = false, now = () => performance.now() }: NegotiationLogOptions = {}) {
    this.#hasAlerts = hasAlerts;
    this.#now = now;
  }

  /**
   * The failure that the next line reports; undefined if it reports none, or follows from a line
   * that has reported it.
   *
   * @param sa the unique id of the IKE SA that the line is about
   */
  failureIn(text: string, sa: string): Failure | undefined {
    const child = begins.exec(text)?.[1];
    if (child !== undefined) {
      this.#begin(child, sa);
      return undefined;
    }
    const reports = this.#reportsOf(sa);
    const reported = this.#failureIn(text, reports);
    reports.cause = reported ?? reports.cause;
    return reported;
  }

  /**
   * The refused rekey that a line reports, after {@link failureIn} has read it; undefined if it
   * reports none. A peer that is busy, such as with a rekey of its own, refuses nothing.
   */
  refusedRekeyIn(text: string, sa: string): RefusedRekey | undefined {
    const reports = this.#reportsOf(sa);
    if (reports.cause?.reason === Reason.PeerBusy) return undefined;
    return refusedRekeyIn(text, reports);
  }

  /**
   * Notes an alert when it arrives. {@link alertedFailure} has its failure {@link settleMs} later.
   *
   * @param sa the unique id of the IKE SA that the alert is about
   */
  noteAlert(type: string, sa: string): void {
    const known = meaningOfAlert(type);
    if (known === undefined) return;
    const reports = this.#reportsOf(sa);
    if (known.isCause) reports.certificate ??= known.failure;
    const isReported = this.#now() - reports.reportedAt < settleMs;
    if (known.isCause || isReported || (known.isConsequence && reports.explained)) return;
    // The first of several alerts has the cause.
    if (explains(reports.alerted)) return;
    reports.alerted = (known.hasCause && reports.certificate) ?? known.failure;
    reports.cause = reports.alerted;
    reports.explained ||= explains(reports.alerted);
  }

  /** The failure of an alert that no line has reported since; undefined afterwards. */
  alertedFailure(sa: string): Failure | undefined {
    const reports = this.#sas.get(sa);
    const alerted = reports?.alerted;
    if (reports !== undefined) reports.alerted = undefined;
    return alerted;
  }

  /** Forgets the CHILD SA before, except for an alert, which arrives before earlier lines. */
  #begin(child: string, sa: string): void {
    const alerted = this.#sas.get(sa)?.alerted;
    this.#sas.delete(sa);
    const reports = this.#reportsOf(sa);
    Object.assign(reports, { child, alerted, cause: alerted, explained: explains(alerted) });
  }

  #failureIn(text: string, reports: SaReports): Failure | undefined {
    const known = noticed(reports, text) ?? failureOfLine(text) ?? failureInNotify(text);
    if (known === undefined || (known.hasAlert && this.#hasAlerts)) return undefined;
    if (known.isConsequence && reports.explained) return undefined;
    reports.explained ||= explains(known.failure);
    // A peer that closes the SA gives no reason; an alert may have one.
    if (known.failure.reason === Reason.PeerClosed) return known.failure;
    reports.alerted = undefined;
    reports.reportedAt = this.#now();
    return known.failure;
  }

  #reportsOf(sa: string): SaReports {
    const known = this.#sas.get(sa);
    if (known !== undefined) return known;
    const reports = { ...nothing };
    this.#sas.set(sa, reports);
    const [oldest] = this.#sas.keys();
    if (this.#sas.size > mostSas && oldest !== undefined) this.#sas.delete(oldest);
    return reports;
  }
}

/** Whether it is the cause of what follows; a peer that did not answer may do so later. */
function explains(found: Failure | undefined): boolean {
  return found !== undefined && found.reason !== Reason.PeerUnreachable;
}

/** The failure that a line reports together with an earlier one, which is noted for it. */
function noticed(reports: SaReports, text: string): KnownFailure | undefined {
  if (constraint.test(text)) reports.constraint = text;
  if (refusesPeer.test(text)) return { failure: unfitting(reports.constraint) };
  const notifies = onlyNotifies.exec(text)?.[1];
  if (notifies !== undefined) reports.refusal = refusalIn(notifies);
  if (text === identityMissing && reports.refusal !== undefined)
    return { failure: reports.refusal };
  const before = reports.wanted;
  const wanted = anotherGroup.exec(text)?.[2];
  if (wanted !== undefined) reports.wanted = wanted;
  // A peer may ask for another group once, which charon then uses.
  const isRefused = before !== undefined && (wanted !== undefined || refusesGroup.test(text));
  if (!isRefused) return undefined;
  const message = noCommonGroup("proposals", printable(wanted ?? before));
  return { failure: failure(Reason.NoProposalChosen, message) };
}

/**
 * The failure of a notify that charon ignores in IKE_AUTH, since the IKE SA could do without the
 * CHILD SA. A peer that leaves out its identity then refuses both.
 */
function refusalIn(notifies: string): Failure | undefined {
  const names = [...notifies.matchAll(/\w+(?=\))/g)].map(([short]) => own(ignoredNotifies, short));
  const name = names.find((found) => found !== undefined);
  return name === undefined ? undefined : failureOfNotify(name);
}

function unfitting(why: string | undefined): Failure {
  const words = why === undefined ? "" : `: ${printable(why.trim())}`;
  return failure(
    Reason.AuthenticationFailed,
    `the identity or the method by which the peer authenticates is not the declared one${words}`,
  );
}

/** Names of notifies that mean no failure, such as MOBIKE_SUPPORTED, are skipped. */
function failureInNotify(text: string): KnownFailure | undefined {
  const [, name = "", rest = ""] = notify.exec(text) ?? [];
  if (name === "") return undefined;
  const found =
    failureOfNotify(name) ?? (isError.test(rest) ? failureOfUnknownNotify(name) : undefined);
  return found && { failure: found };
}
