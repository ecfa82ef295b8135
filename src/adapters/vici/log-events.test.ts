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

  for (const text of [
    "updated vici connection: site",
    "replaced vici connection: site",
    "removed vici connection: site",
    "unloaded shared key with id 'ipman:site'",
  ]) {
    it(`reports a change of the configuration if it is "${text}"`, () => {
      assert.deepEqual(eventsOf(text), ["logged", "configuration.changed"]);
    });
  }

  it("reports no change if a client adds a connection or a key", () => {
    assert.deepEqual(eventsOf("added vici connection: site"), ["logged"]);
    assert.deepEqual(eventsOf("loaded IKE shared key with id 'x' for: 'a'"), ["logged"]);
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
