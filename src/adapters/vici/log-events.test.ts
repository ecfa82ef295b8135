import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventsOfLog } from "./log-events.ts";

const line = (msg: string, connection?: string) => ({
  group: "IKE",
  level: "1",
  thread: "7",
  msg,
  ...(connection !== undefined && { "ikesa-name": connection }),
});

/** The types of the events of a line, with the reasons of failures. */
const eventsOf = (...log: Parameters<typeof line>) =>
  eventsOfLog(line(...log)).map((event) =>
    event.type === "peer.notified" ? event.failure.reason : event.type,
  );

describe("a line of charon's log", () => {
  for (const [text, ...events] of [
    ["sending DPD request"],
    ["received AUTHENTICATION_FAILED notify error", "AuthenticationFailed"],
    ["received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", "NoProposalChosen"],
    ["received TS_UNACCEPTABLE notify, no CHILD_SA built", "TrafficSelectorsRefused"],
    ["received NO_PROPOSAL_CHOSEN error notify", "NoProposalChosen"],
    ["received INVALID_SYNTAX notify error", "NegotiationFailed"],
    ["received (8192) notify error", "NegotiationFailed"],
    ["received TEMPORARY_FAILURE notify, will retry later", "NegotiationFailed"],
    ["peer didn't accept DH group ECP_256, it requested MODP_2048"],
    ["peer DH group selection invalid", "NoProposalChosen"],
    ["peer's key exchange method selection invalid", "NoProposalChosen"],
    ["giving up after 5 retries", "NoProposalChosen"],
    ["already retried with DH group ECP_256, ignore requested MODP_2048", "NoProposalChosen"],
    ["requested key exchange method MODP_768 not supported", "NoProposalChosen"],
    ["no shared key found for 'node.site' - '203.0.113.7'", "AuthenticationFailed"],
    [
      "tried 2 shared keys for 'node.site' - 'peer.site', but MAC mismatched",
      "AuthenticationFailed",
    ],
    [
      "constraint check failed: identity 'peer.site' (ID_FQDN) required, not matched by 'a' (ID_FQDN)",
      "AuthenticationFailed",
    ],
    ["constraint check failed: identity 'peer.site' required ", "AuthenticationFailed"],
    ["received ESP_TFC_PADDING_NOT_SUPPORTED notify"],
    ["received constructor notify"],
    ["retransmit 1 of request with message ID 0", "PeerUnreachable"],
    ["giving up after 5 retransmits", "PeerUnreachable"],
    ["no route found to reach peer, MOBIKE update deferred", "path.missing"],
  ] as const) {
    it(`causes ${["logged", ...events].join(" and ")} if it is "${text}"`, () => {
      assert.deepEqual(eventsOf(text, "partner"), ["logged", ...events]);
    });
  }

  it("names the identity of a peer whose key is not known, and the remedy", () => {
    const messageOf = (identity: string) =>
      eventsOfLog(line(`no shared key found for 'a' - '${identity}'`, "partner")).flatMap((event) =>
        event.type === "peer.notified" ? [event.failure.message] : [],
      );
    assert.deepEqual(messageOf("203.0.113.7"), [
      'the peer identifies itself as "203.0.113.7", for which charon has no key: compare remoteId with it; a peer that sends its address as a name needs "@203.0.113.7"',
    ]);
    assert.deepEqual(messageOf("PEER.site"), [
      'the peer identifies itself as "PEER.site", for which charon has no key: compare remoteId with it',
    ]);
    assert.ok((messageOf("x".repeat(5_000))[0] ?? "").length < 250);
  });

  it("causes no failure if it belongs to no connection", () => {
    assert.deepEqual(eventsOf("received AUTHENTICATION_FAILED notify error"), ["logged"]);
  });

  it("has its connection and its group", () => {
    assert.deepEqual(eventsOfLog(line("sending DPD request", "partner")), [
      {
        type: "logged",
        connection: "partner",
        line: { group: "IKE", text: "sending DPD request" },
      },
    ]);
  });
});
