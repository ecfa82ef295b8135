import { failure, Reason, type Failure } from "../status/failure.ts";

const notLoaded = /^(?:CHILD_SA|IKE_SA) config '.*' not found$/;
const notInitiated = /^establishing (?:CHILD_SA|IKE_SA) '.*' failed$/;

/**
 * The failure of a command that charon refused, by the words of its reply: charon has no code for
 * the cause.
 *
 * Source: strongSwan, src/libcharon/plugins/vici/vici_control.c (initiate).
 */
export function failureOfRefusal(words: string): Failure {
  if (notLoaded.test(words)) {
    return failure(
      Reason.ConfigurationLost,
      "charon does not have the child: another program removed or replaced its connection; ipman loads it again",
    );
  }
  // The cause is in charon's log.
  if (notInitiated.test(words))
    return failure(Reason.NegotiationFailed, `charon could not begin the negotiation: ${words}`);
  return failure(Reason.ConfigRejected, `charon refused the command: ${words}`);
}
