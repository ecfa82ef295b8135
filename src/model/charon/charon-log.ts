import { parseAddress } from "../net/address.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";
import { shortened } from "../text/shortened.ts";
import { failureOfNotify } from "./notify.ts";

const received = /\breceived (\(?[A-Z0-9_]+\)?) (notify error|error notify|notify|error)/;
const deferral = /^no route found to reach peer, /;
const silence = /^(?:retransmit \d+ of request|giving up after \d+ retransmits)/;

/** Whether a log line says that an IKE SA waits for a path to its peer; charon has no such event. */
export function isDeferral(text: string): boolean {
  return deferral.test(text);
}

/** charon's last words when both sides name groups that the other one does not accept. */
const noCommonGroup =
  /^(?:peer DH group selection invalid|peer's key exchange method selection invalid|giving up after \d+ retries|already retried with (?:DH group|key exchange method) |requested (?:DH group|key exchange method) \S+ not supported)/;

/** The lines in which charon refuses the identity or the key of the peer. */
const strangers: readonly (readonly [line: RegExp, failure: (identity: string) => Failure])[] = [
  [/^no shared key found for '.*' - '(.*)'$/, withoutKey],
  [/^tried \d+ shared keys? for '.*' - '(.*)', but MAC mismatched$/, withOtherKey],
  [/^constraint check failed: identity '.*' \(.*\) required, not matched by '(.*)'/, withoutKey],
  [/^constraint check failed: identity '(.*)' required/, withOtherIdentity],
];

/** Identities may be long; a message has this many characters of one. */
const mostShown = 100;

/**
 * The failure of a negotiation that a log line reports; undefined if it reports none. The names
 * of notifies are the protocol's own (RFC 7296). Until charon 6.0.3, whose `alert` event has
 * them, the log is the only place where a client finds them.
 */
export function failureInLog(text: string): Failure | undefined {
  const [, notify, form = ""] = received.exec(text) ?? [];
  if (notify !== undefined) return failureOfNotify(notify) ?? unknownRefusal(notify, form);
  if (noCommonGroup.test(text)) return failureOfNotify("INVALID_KE_PAYLOAD");
  for (const [line, stranger] of strangers) {
    const identity = line.exec(text)?.[1];
    if (identity !== undefined) return stranger(shortened(identity, mostShown));
  }
  if (!silence.test(text)) return undefined;
  return failure(
    Reason.PeerUnreachable,
    "the peer does not answer: check its address, and that UDP 500 and 4500 pass both ways",
  );
}

/** An error that ipman does not know; a notify that is not an error refuses nothing. */
function unknownRefusal(notify: string, form: string): Failure | undefined {
  if (!form.includes("error")) return undefined;
  return failure(Reason.NegotiationFailed, `the peer refused with ${notify}`);
}

function withoutKey(identity: string): Failure {
  const remedy =
    parseAddress(identity) === undefined
      ? "compare remoteId with it"
      : `compare remoteId with it; a peer that sends its address as a name needs "@${identity}"`;
  const message = `the peer identifies itself as "${identity}", for which charon has no key: ${remedy}`;
  return failure(Reason.AuthenticationFailed, message);
}

function withOtherKey(identity: string): Failure {
  const message = `the key of the peer "${identity}" is another one: compare the pre-shared key on both sides`;
  return failure(Reason.AuthenticationFailed, message);
}

function withOtherIdentity(required: string): Failure {
  const message = `the peer does not identify itself as "${required}": compare remoteId with the peer's identity`;
  return failure(Reason.AuthenticationFailed, message);
}
