import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reason } from "../status/failure.ts";
import { NegotiationLog } from "./negotiation-log.ts";

/** charon's own words, with the reason and a part of the message. */
const lines: readonly (readonly [line: string, reason: Reason, message: RegExp])[] = [
  ["unable to resolve peer.test, initiate aborted", "AddressUnresolved", /resolve peer\.test,/],
  ["unable to resolve peer.test, retrying in 10s", "AddressUnresolved", /resolve peer\.test,/],
  ["unable to resolve %any, initiate aborted", "ConfigRejected", /start_action: none/],
  ["retransmit 1 of request with message ID 0", "PeerUnreachable", /UDP 500 and 4500/],
  ["giving up after 5 retransmits", "PeerUnreachable", /UDP 500 and 4500/],
  ["peer not responding, trying again (2/3)", "PeerUnreachable", /UDP 500 and 4500/],
  ["establishing IKE_SA failed, peer not responding", "PeerUnreachable", /UDP 500 and 4500/],
  ["configured DH group MODP_768 not supported", "ConfigRejected", /group MODP_768/],
  ["configured key exchange method MODP_768 not supported", "ConfigRejected", /group MODP_768/],
  ["requested DH group MODP_8192 not supported", "NoProposalChosen", /MODP_8192, which charon/],
  [
    "requested key exchange method MODP_8192 not supported",
    "NoProposalChosen",
    /MODP_8192, which charon/,
  ],
  [
    "requested DH group MODP_2048 not contained in any of our proposals",
    "NoProposalChosen",
    /asks for MODP_2048; .* modp2048 into `esp_proposals`/,
  ],
  [
    "requested key exchange method ECP_256_BP not contained in any of our proposals",
    "NoProposalChosen",
    /asks for ECP_256_BP; .* ecp256bp into `esp_proposals`/,
  ],
  [
    "already retried with DH group MODP_2048, ignore requested ECP_384",
    "NoProposalChosen",
    /asks for ECP_384; .* ecp384 into `esp_proposals`/,
  ],
  [
    "already retried with key exchange method MODP_2048, ignore requested MODP_2048_256",
    "NoProposalChosen",
    /modp2048s256 into `esp_proposals`/,
  ],
  ["giving up after 5 retries", "NegotiationFailed", /cookie/],
  ["peers proposal selection invalid", "NoProposalChosen", /`proposals` does not have/],
  ["peer's proposal selection invalid", "NoProposalChosen", /`proposals` does not have/],
  ["peer DH group selection invalid", "NoProposalChosen", /group that `proposals`/],
  ["peer's key exchange method selection invalid", "NoProposalChosen", /group that `proposals`/],
  ["no acceptable proposal found", "NoProposalChosen", /`esp_proposals`/],
  ["no acceptable traffic selectors found", "TrafficSelectorsRefused", /other networks/],
  [
    "traffic selectors 10.0.2.0/24 === 10.9.0.0/16 10.1.2.0/24 unacceptable",
    "TrafficSelectorsRefused",
    /requests 10\.0\.2\.0\/24 on this side and 10\.9\.0\.0\/16 10\.1\.2\.0\/24 on its own/,
  ],
  ["TRANSPORT mode requested by responder is unacceptable", "PeerRefused", /mode TRANSPORT/],
  ["SA payload missing in message", "PeerRefused", /without a CHILD SA/],
  ["TS payloads missing in message", "PeerRefused", /without a CHILD SA/],
  ["unable to install inbound and outbound IPsec SA (SAD) in kernel", "SaRejected", /`hw_offload`/],
  ["unable to install inbound IPsec SA (SAD) in kernel", "SaRejected", /`hw_offload`/],
  ["unable to install outbound IPsec SA (SAD) in kernel", "SaRejected", /`hw_offload`/],
  ["unable to install IPsec policies (SPD) in kernel", "SaRejected", /policies/],
  ["unable to allocate SPIs from kernel", "SaRejected", /SPI/],
  ["unable to allocate SPI from kernel", "SaRejected", /SPI/],
  ["allocating SPI failed", "SaRejected", /SPI/],
  [
    "no shared key found for 'node.a' - 'peer.a'",
    "AuthenticationFailed",
    /no key for the peer peer\.a, with node\.a as its own/,
  ],
  [
    "tried 1 shared key for 'node.a' - 'peer.a', but MAC mismatched",
    "AuthenticationFailed",
    /keys of the two sides differ; the peer calls itself peer\.a/,
  ],
  [
    "tried 2 shared keys for 'node.a' - 'peer.a', but MAC mismatched",
    "AuthenticationFailed",
    /keys of the two sides differ/,
  ],
  [
    "received IDr us, but require node.a",
    "AuthenticationFailed",
    /expects the identity us, .*node/,
  ],
  ["no alternative config found", "AuthenticationFailed", /not the declared one$/],
  ["PPK required but no PPK_ID configured", "AuthenticationFailed", /postquantum.*no PPK_ID/],
  ["PPK required but peer does not support PPK", "AuthenticationFailed", /does not support PPK/],
  ["peer requested EAP, config unacceptable", "AuthenticationFailed", /EAP/],
  ["do not allow non-mutual EAP-only authentication", "AuthenticationFailed", /EAP/],
  ["authorization forbids IKE_SA, canceling", "AuthenticationFailed", /plugin/],
  ["authorization hook forbids IKE_SA, canceling", "AuthenticationFailed", /plugin/],
  ["final authorization hook forbids IKE_SA, canceling", "AuthenticationFailed", /plugin/],
  ["peer does not support childless IKE_SA initiation", "ConfigRejected", /`childless`/],
  ["peer did not initiate a childless IKE_SA", "ConfigRejected", /`childless`/],
  ["server sent REDIRECT even though we disabled it", "PeerRefused", /redirects/],
  ["only 5 redirects are allowed within 300 seconds", "PeerRefused", /redirects/],
  ["received DELETE for IKE_SA site[1]", "PeerClosed", /ended the IKE SA/],
  ["received DELETE for ESP CHILD_SA with SPI c1a2b3c4", "PeerClosed", /ended the ESP CHILD SA/],
  ["critical unknown payloads found", "ProtocolError", /critical unknown payloads found/],
  ["message parsing failed", "ProtocolError", /message parsing failed/],
  ["message verification failed", "ProtocolError", /message verification failed/],
  ["integrity check failed", "ProtocolError", /integrity check failed/],
  ["found encrypted message, but no keys available", "ProtocolError", /no keys available/],
  ["IDr payload missing", "ProtocolError", /IDr payload missing/],
  ["applying DH public value failed", "ProtocolError", /DH public value/],
  ["applying key exchange public value failed", "ProtocolError", /key exchange public value/],
  ["key derivation failed", "ProtocolError", /key derivation failed/],
  [
    "received an IPCOMP_SUPPORTED notify without requesting one, no CHILD_SA built",
    "ProtocolError",
    /IPCOMP_SUPPORTED/,
  ],
  [
    "received INFORMATIONAL response, but expected CREATE_CHILD_SA",
    "ProtocolError",
    /expected CREATE_CHILD_SA/,
  ],
  [
    "IKE_AUTH response with message ID 1 processing failed",
    "ProtocolError",
    /IKE_AUTH response with message ID 1/,
  ],
  ["ignore invalid IKE_SA_INIT response", "ProtocolError", /ignore invalid IKE_SA_INIT/],
  ["failed to establish CHILD_SA, keeping IKE_SA", "PeerRefused", /neither side gave a reason/],
  ["closing IKE_SA due CHILD_SA setup failure", "PeerRefused", /neither side gave a reason/],
  ["received AUTHENTICATION_FAILED notify error", "AuthenticationFailed", /pre-shared key/],
  ["received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", "NoProposalChosen", /esp_proposals/],
  ["received NO_PROPOSAL_CHOSEN error notify", "NoProposalChosen", /esp_proposals/],
  ["received TEMPORARY_FAILURE notify, will retry later", "PeerBusy", /charon repeats it/],
  ["received INVALID_SYNTAX notify error, destroying IKE_SA", "ProtocolError", /malformed/],
  ["received USE_ASSIGNED_HoA notify error", "PeerRefused", /the notify USE_ASSIGNED_HoA$/],
  ["received (9000) notify error", "PeerRefused", /the notify 9000$/],
];

/** The error types of RFC 7296, section 3.10.1, by charon's names. */
const errorTypes = [
  "UNSUPPORTED_CRITICAL_PAYLOAD",
  "INVALID_IKE_SPI",
  "INVALID_MAJOR_VERSION",
  "INVALID_SYNTAX",
  "INVALID_MESSAGE_ID",
  "INVALID_SPI",
  "NO_PROPOSAL_CHOSEN",
  "INVALID_KE_PAYLOAD",
  "AUTHENTICATION_FAILED",
  "SINGLE_PAIR_REQUIRED",
  "NO_ADDITIONAL_SAS",
  "INTERNAL_ADDRESS_FAILURE",
  "FAILED_CP_REQUIRED",
  "TS_UNACCEPTABLE",
  "INVALID_SELECTORS",
  "TEMPORARY_FAILURE",
  "CHILD_SA_NOT_FOUND",
];

/** The reasons of the failures in lines about one IKE SA. */
function reasonsOf(...texts: string[]): (Reason | undefined)[] {
  const log = new NegotiationLog();
  return texts.map((text) => log.failureIn(text, "1")?.reason);
}

describe("a line of charon's log", () => {
  for (const [line, reason, message] of lines) {
    it(`means ${reason} if it is "${line}"`, () => {
      const failure = new NegotiationLog().failureIn(line, "1");
      assert.equal(failure?.reason, reason);
      assert.match(failure.message, message);
    });
  }

  for (const name of errorTypes) {
    it(`has a meaning of its own if it has the error notify ${name}`, () => {
      const failure = new NegotiationLog().failureIn(`received ${name} notify error`, "1");
      assert.ok(failure);
      assert.ok(!failure.message.includes(`the notify ${name}`), failure.message);
    });
  }

  for (const line of [
    "sending DPD request",
    "received ESP_TFC_PADDING_NOT_SUPPORTED, not using ESPv3 TFC padding",
    "received COOKIE notify during rekeying, ignored",
    "received constructor notify",
    "received DELETE for unknown ESP CHILD_SA with SPI c1a2b3c4",
    "peer didn't accept DH group ECP_256, it requested MODP_2048",
    "constraint check failed: identity 'peer.a' required ",
    "giving up after 3 path probings",
  ]) {
    it(`means nothing by itself if it is "${line}"`, () => {
      assert.deepEqual(reasonsOf(line), [undefined]);
    });
  }

  it("shows no control characters of the peer", () => {
    const failure = new NegotiationLog().failureIn("received IDr a\u001b[31m, but require b", "1");
    assert.match(failure?.message ?? "", /identity a\\x1b\[31m,/);
  });
});

describe("several lines of charon's log", () => {
  const asks = (refused: string, wanted: string, words = "DH group") =>
    `peer didn't accept ${words} ${refused}, it requested ${wanted}`;

  for (const words of ["DH group", "key exchange method"]) {
    it(`name the group that the peer asks for if it asks again and again (${words})`, () => {
      const log = new NegotiationLog();
      assert.equal(log.failureIn(asks("ECP_256", "MODP_2048", words), "1"), undefined);
      const failure = log.failureIn(asks("MODP_2048", "MODP_2048", words), "1");
      assert.equal(failure?.reason, "NoProposalChosen");
      assert.match(failure.message, /asks for MODP_2048; put a proposal with modp2048 into `propo/);
      assert.match(log.failureIn("giving up after 5 retries", "1")?.message ?? "", /modp2048/);
    });
  }

  it("name the group that the peer asks for if it then refuses the proposals", () => {
    const log = new NegotiationLog();
    log.failureIn(asks("ECP_256", "MODP_2048"), "1");
    const failure = log.failureIn("received NO_PROPOSAL_CHOSEN notify error", "1");
    assert.match(failure?.message ?? "", /put a proposal with modp2048 into `proposals`/);
  });

  it("are kept apart by their IKE SAs", () => {
    const log = new NegotiationLog();
    log.failureIn(asks("ECP_256", "MODP_2048"), "1");
    assert.equal(log.failureIn(asks("ECP_256", "MODP_2048"), "2"), undefined);
  });

  it("are not compared with those of another CHILD SA", () => {
    const next = "establishing CHILD_SA net{2} reqid 1";
    const refusal = asks("ECP_256", "MODP_2048");
    assert.deepEqual(reasonsOf(refusal, next, refusal), [undefined, undefined, undefined]);
  });

  it("report a failure once if one line follows from another", () => {
    const consequence = "failed to establish CHILD_SA, keeping IKE_SA";
    const cause = "no acceptable traffic selectors found";
    assert.deepEqual(reasonsOf(cause, consequence), ["TrafficSelectorsRefused", undefined]);
    const next = "establishing CHILD_SA net{2}";
    assert.deepEqual(reasonsOf(cause, next, consequence).at(-1), "PeerRefused");
  });

  it("report a consequence after a retransmission", () => {
    const retransmission = "retransmit 1 of request with message ID 1";
    const consequence = "failed to establish CHILD_SA, keeping IKE_SA";
    assert.deepEqual(reasonsOf(retransmission, consequence), ["PeerUnreachable", "PeerRefused"]);
  });

  it("say why no connection fits the peer", () => {
    const log = new NegotiationLog();
    log.failureIn("constraint check failed: identity 'peer.a' required ", "1");
    const failure = log.failureIn("no alternative config found", "1");
    assert.match(failure?.message ?? "", /: constraint check failed: identity 'peer\.a' required$/);
  });

  it("are remembered of a limited number of IKE SAs", () => {
    const log = new NegotiationLog();
    log.failureIn(asks("ECP_256", "MODP_2048"), "first");
    for (let i = 0; i < 256; i++) log.failureIn("sending DPD request", String(i));
    assert.equal(log.failureIn(asks("MODP_2048", "MODP_2048"), "first"), undefined);
  });
});
