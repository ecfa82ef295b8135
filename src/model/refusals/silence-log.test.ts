import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SilenceLog } from "./silence-log.ts";

const lines = (...texts: readonly (readonly [text: string, sa?: string])[]) => {
  const log = new SilenceLog();
  return texts.map(([text, sa = "1"]) => log.read(text, sa));
};

describe("a peer in charon's log", () => {
  const first = "retransmit 1 of request with message ID 2";
  const second = "retransmit 2 of request with message ID 2";
  const third = "retransmit 3 of request with message ID 2";
  const answer = "parsed INFORMATIONAL response 2 [ ]";

  it("is silent from the second retransmission of a request on, until it answers", () => {
    assert.deepEqual(lines([first], [second], [third], [answer], [answer]), [
      undefined,
      "peer.silent",
      undefined,
      "peer.answers",
      undefined,
    ]);
  });

  it("is not silent if it answers the first retransmission, or by another IKE SA", () => {
    assert.deepEqual(lines([first], [answer], [first]), [undefined, undefined, undefined]);
    assert.deepEqual(lines([first, "1"], [first, "2"], [second, "1"], [answer, "2"]), [
      undefined,
      undefined,
      "peer.silent",
      undefined,
    ]);
  });

  it("is silent if the first line that is read is about a later retransmission", () => {
    assert.deepEqual(lines([third]), ["peer.silent"]);
  });

  it("does not answer by a request of its own, or by the first half of an answer's line", () => {
    const others = ["parsed INFORMATIONAL request 0 [ ]", "received packet: from 192.0.2.1[4500]"];
    for (const other of others) assert.deepEqual(lines([second], [other]).at(-1), undefined);
    assert.equal(
      lines([second], ["parsed CREATE_CHILD_SA response 3 [ SA No ]"])[1],
      "peer.answers",
    );
  });
});

describe("a peer in charon's alerts", () => {
  it("is silent from the second retransmission on, until it answers", () => {
    const log = new SilenceLog();
    const alerts = ["send", "send", "send", "send-cleared", "send", "receive", "send-cleared"];
    assert.deepEqual(
      alerts.map((type) => log.readAlert(`retransmit-${type}`, "1")),
      [undefined, "peer.silent", undefined, "peer.answers", undefined, undefined, undefined],
    );
  });
});
