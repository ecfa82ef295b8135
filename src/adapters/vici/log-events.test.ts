import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogEvents } from "./log-events.ts";

const line = (msg: string, connection?: string, sa = "1") => ({
  group: "IKE",
  level: "1",
  thread: "7",
  msg,
  ...(connection !== undefined && { "ikesa-name": connection, "ikesa-uniqueid": sa }),
});

/** The types of the events of a line, with the reasons of failures. */
const eventsOf = (...log: Parameters<typeof line>) =>
  new LogEvents()
    .read(line(...log))
    .map((event) => (event.type === "peer.notified" ? event.failure.reason : event.type));

describe("a line of charon's log", () => {
  for (const [text, ...events] of [
    ["sending DPD request"],
    ["received AUTHENTICATION_FAILED notify error", "AuthenticationFailed"],
    ["no acceptable traffic selectors found", "TrafficSelectorsRefused"],
    ["retransmit 1 of request with message ID 0", "PeerUnreachable"],
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

  it("is compared with the lines before it that are about the same IKE SA", () => {
    const lines = new LogEvents();
    const text = "peer didn't accept DH group ECP_256, it requested MODP_2048";
    const typesOf = (sa: string) => lines.read(line(text, "partner", sa)).map(({ type }) => type);
    assert.deepEqual([typesOf("1"), typesOf("2")], [["logged"], ["logged"]]);
    assert.deepEqual(typesOf("1"), ["logged", "peer.notified"]);
  });

  it("has its connection and its group", () => {
    assert.deepEqual(new LogEvents().read(line("sending DPD request", "partner")), [
      {
        type: "logged",
        connection: "partner",
        line: { group: "IKE", text: "sending DPD request" },
      },
    ]);
  });
});
