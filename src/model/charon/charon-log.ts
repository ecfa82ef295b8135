import { failure, Reason, type Failure } from "../status/failure.ts";
import { failureOfNotify } from "./notify.ts";

const received = /\breceived ([A-Z][A-Z_0-9]+) (?:notify|error)/;
const deferral = /^no route found to reach peer, /;
const change = /^(?:(?:updated|replaced|removed) vici connection: |unloaded shared key with id ')/;
const silence = /^(?:retransmit \d+ of request|giving up after \d+ retransmits)/;

/** Whether a log line says that an IKE SA waits for a path to its peer; charon has no such event. */
export function isDeferral(text: string): boolean {
  return deferral.test(text);
}

/** Whether a log line says that a client replaced or removed a connection or a key. */
export function isConfigurationChange(text: string): boolean {
  return change.test(text);
}

/**
 * The failure of a negotiation that a log line reports; undefined if it reports none. The names
 * of notifies are the protocol's own (RFC 7296). Until charon 6.0.3, whose `alert` event has
 * them, the log is the only place where a client finds them.
 */
export function failureInLog(text: string): Failure | undefined {
  const notify = received.exec(text)?.[1];
  if (notify !== undefined) return failureOfNotify(notify);
  if (!silence.test(text)) return undefined;
  return failure(
    Reason.PeerUnreachable,
    "the peer does not answer: check its address, and that UDP 500 and 4500 pass both ways",
  );
}
