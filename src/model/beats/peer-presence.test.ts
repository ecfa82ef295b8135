import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeerPresence, roundMs } from "./peer-presence.ts";

/** A peer that was heard until 0; its node answered an echo at that time, unless it answers none. */
function heardPeer({ answers = true } = {}) {
  const peer = new PeerPresence(-1_000);
  peer.heard(0);
  if (answers) peer.answered(0);
  peer.judge(0);
  return peer;
}

/** Runs rounds of silence; resolves with the time of the round in which the peer became absent. */
function absentAt(
  peer: PeerPresence,
  limitMs: number,
  { answered = false, asks = true } = {},
): number | undefined {
  for (let now = roundMs; now <= limitMs; now += roundMs) {
    if (peer.judge(now) === "absent") return now;
    if (!asks || !peer.isSuspect) continue;
    for (const at of [now, now + roundMs / 2]) {
      peer.asked(at);
      if (answered) peer.answered(at + 1);
    }
  }
  return undefined;
}

describe("the presence of a peer", () => {
  it("ends after three rounds without a beat and without an answer of its node", () => {
    assert.equal(absentAt(heardPeer(), 10_000), 3 * roundMs);
  });

  it("lasts for half a minute without a beat while its node answers", () => {
    assert.equal(absentAt(heardPeer(), 60_000, { answered: true }), 30_000);
  });

  it("lasts for three seconds if its node never answered an echo", () => {
    assert.equal(absentAt(heardPeer({ answers: false }), 10_000), 3_000);
  });

  it("does not end while no echo was requested", () => {
    assert.equal(absentAt(heardPeer(), 10_000, { asks: false }), undefined);
  });

  it("does not end by two missing beats in a row", () => {
    const peer = heardPeer();
    for (let now = roundMs; now < 6_000; now += roundMs) {
      if (now % (3 * roundMs) === 0) peer.heard(now);
      assert.equal(peer.judge(now), "present");
      peer.asked(now);
      peer.asked(now + roundMs / 2);
    }
  });

  it("is not judged by requests that may still be answered", () => {
    const peer = heardPeer();
    for (const now of [100, 200]) peer.judge(now);
    for (const at of [270, 280, 290]) peer.asked(at);
    assert.equal(peer.judge(300), "present");
    assert.equal(peer.judge(400), "absent");
  });

  it("returns with the first beat", () => {
    const peer = heardPeer();
    absentAt(peer, 1_000);
    assert.equal(peer.isSuspect, false);
    peer.heard(2_000);
    assert.equal(peer.presence, "present");
    assert.equal(peer.judge(2_000), "present");
  });

  it("is unknown at the begin, until a beat comes or it is known to be absent", () => {
    const peer = new PeerPresence(0);
    assert.equal(peer.judge(roundMs), "unknown");
    assert.equal(peer.isSuspect, true);
    assert.equal(absentAt(peer, 10_000), 3_000);
  });
});
