import { failure, Reason, type Failure } from "../status/failure.ts";
import { own } from "../value/own.ts";

/** A failure that an alert or a line of charon's log reports. */
export interface KnownFailure {
  readonly failure: Failure;
  /** Whether it may follow from another one, which then has the cause. */
  readonly isConsequence?: true;
  /** Whether an alert reports it where charon has alerts. */
  readonly hasAlert?: true;
}

/** The meaning of an alert. */
interface AlertMeaning extends KnownFailure {
  /**
   * The log lines that charon writes with the alert and that say no more than it. They are read
   * where charon has no alerts. Other lines about the failure have more detail than the alert.
   */
  readonly lines?: RegExp;
  /** Whether it is a failure only if an alert that {@link hasCause} follows. */
  readonly isCause?: true;
  /** Whether an alert before it may have the cause. */
  readonly hasCause?: true;
}

const silence = failure(
  Reason.PeerUnreachable,
  "the peer does not answer: check its address, and that UDP 500 and 4500 pass both ways",
);

/** A certificate that charon does not accept, unless it finds another chain to a trusted CA. */
const certificate = (what: string, remedy: string): AlertMeaning => ({
  failure: failure(Reason.AuthenticationFailed, `a certificate of the peer ${what}: ${remedy}`),
  isCause: true,
});

/**
 * The alerts that report why a negotiation failed, by their types. An alert names the IKE SA, and
 * neither a child nor proposals, networks, identities or addresses.
 *
 * The others are of no use here: `unique-keep`, `unique-replace`, `ts-narrowed`,
 * `ike-sa-expired`, `retransmit-send-cleared` and `retransmit-receive` are not failures of a
 * negotiation; `list-sas` shows their result. `invalid-ike-spi`, `parse-error-header` and
 * `half-open-timeout` name no connection, and charon's log says more than `parse-error-body`. A
 * site-to-site connection has neither `vip-failure` nor `radius-not-responding`.
 *
 * Source: strongSwan, src/libcharon/bus/bus.h and plugins/vici/vici_query.c (alert_names).
 */
const alerts: Readonly<Record<string, AlertMeaning>> = {
  "peer-addr-failed": {
    failure: failure(Reason.AddressUnresolved, "charon cannot resolve the name in remoteAddr"),
  },
  "retransmit-send": {
    failure: silence,
    lines: /^retransmit \d+ of request/,
    isConsequence: true,
  },
  "retransmit-send-timeout": { failure: silence, lines: /^giving up after \d+ retransmits/ },
  "peer-init-unreachable": {
    failure: silence,
    lines: /^(?:peer not responding, trying again|establishing IKE_SA failed, peer not responding)/,
  },
  "proposal-mismatch-ike": {
    failure: failure(
      Reason.NoProposalChosen,
      "the IKE proposals have nothing in common: compare `proposals` with the peer's; a peer that has no connection for these addresses may answer so as well",
    ),
    lines: /^received NO_PROPOSAL_CHOSEN notify error$/,
  },
  "proposal-mismatch-child": {
    failure: failure(
      Reason.NoProposalChosen,
      "the ESP proposals have nothing in common: compare `esp_proposals` with the peer's, with the groups for PFS",
    ),
    lines:
      /^(?:received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built|no acceptable proposal found)$/,
  },
  "ts-mismatch": {
    failure: failure(
      Reason.TrafficSelectorsRefused,
      "the networks of the two sides do not match: compare local_ips and remote_ips with the peer's, mirrored",
    ),
  },
  "install-child-sa-failed": {
    failure: failure(
      Reason.SaRejected,
      "the kernel did not install the SA: it lacks an algorithm of `esp_proposals`, or an option such as `hw_offload`; charon's log has the kernel's answer",
    ),
    lines:
      /^unable to install (?:inbound |outbound |inbound and outbound )?IPsec SA \(SAD\) in kernel$/,
  },
  "install-child-policy-failed": {
    failure: failure(
      Reason.SaRejected,
      "the kernel did not install the policies of the SA: another SA has the same ones; charon's log has the kernel's answer",
    ),
    lines: /^unable to install IPsec policies \(SPD\) in kernel$/,
  },
  "keep-on-child-sa-failure": {
    failure: failure(
      Reason.PeerRefused,
      "the IKE SA is up, but the CHILD SA failed, and neither side gave a reason",
    ),
    lines: /^failed to establish CHILD_SA, keeping IKE_SA$/,
    isConsequence: true,
  },
  "authorization-failed": {
    failure: failure(Reason.AuthenticationFailed, "a plugin of charon does not authorise the peer"),
    lines: /^(?:final )?authorization (?:hook )?forbids IKE_SA, canceling$/,
  },
  "local-auth-failed": {
    failure: failure(
      Reason.AuthenticationFailed,
      "this side cannot authenticate to the peer: compare the pre-shared key, localId and remoteId on both sides",
    ),
  },
  "peer-auth-failed": {
    failure: failure(
      Reason.AuthenticationFailed,
      "charon refused the authentication of the peer: compare the pre-shared key, localId and remoteId on both sides",
    ),
    hasCause: true,
  },
  "cert-expired": certificate(
    "is not valid at present",
    "compare its dates with the clock of this side",
  ),
  "cert-revoked": certificate("is revoked", "the peer needs another one"),
  "cert-validation-failed": certificate(
    "has an unknown status",
    "check that this side reaches the CRL or the OCSP responder of its CA",
  ),
  "cert-no-issuer": certificate(
    "has an issuer that charon does not have",
    "add the CA that issued it, or have the peer send the intermediate certificates",
  ),
  "cert-untrusted-root": certificate(
    "ends in a CA that charon does not trust",
    "add that CA, or have the peer use a certificate of a trusted one",
  ),
  "cert-exceeded-path-len": certificate(
    "has a chain that is longer than a CA of it allows",
    "the peer needs another one",
  ),
  "cert-policy-violation": certificate(
    "violates a constraint of its CA",
    "charon's log names the constraint",
  ),
};

/** The meaning of an alert of that type; undefined if it reports no failure of a negotiation. */
export function meaningOfAlert(type: string): AlertMeaning | undefined {
  return own(alerts, type);
}

const withLines = Object.values(alerts).flatMap(({ lines, failure, isConsequence }) =>
  lines === undefined
    ? []
    : [
        {
          lines,
          known: { failure, hasAlert: true, ...(isConsequence && { isConsequence }) } as const,
        },
      ],
);

/** The failure of a log line that an alert replaces; undefined if no alert does. */
export function failureOfAlertIn(line: string): KnownFailure | undefined {
  return withLines.find(({ lines }) => lines.test(line))?.known;
}
