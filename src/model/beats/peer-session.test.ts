import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame } from "./frame.ts";
import { PeerSession } from "./peer-session.ts";

type Sent = Pick<Frame, "position" | "heard">;

/** Two sessions that believe each other at time 0; with the frames that A sent. */
function introduced() {
  const [a, b] = [new PeerSession(), new PeerSession()];
  const recorded: Sent[] = [];
  const fromA = (now: number) => {
    const frame = a.next(now);
    recorded.push(frame);
    return frame;
  };
  assert.equal(b.take(fromA(0), 0), "unproven");
  assert.equal(a.take(b.nextAnswer(0), 0), "fresh");
  assert.equal(b.take(fromA(0), 0), "fresh");
  return { a, b, recorded, fromA };
}

describe("the sessions of two agents", () => {
  it("are believed after one frame in each direction and the next", () => {
    const { a, b, fromA } = introduced();
    assert.equal(b.take(fromA(100), 100), "fresh");
    assert.equal(a.take(b.next(100), 100), "fresh");
  });

  it("are believed if both begin at the same time", () => {
    const [a, b] = [new PeerSession(), new PeerSession()];
    const [first, second] = [a.next(0), b.next(0)];
    assert.deepEqual([a.take(second, 0), b.take(first, 0)], ["unproven", "unproven"]);
    assert.deepEqual([a.take(b.next(100), 100), b.take(a.next(100), 100)], ["fresh", "fresh"]);
  });

  it("accept each frame once, and none that is older than the last one", () => {
    const { b, recorded, fromA } = introduced();
    const [late, next] = [fromA(100), fromA(200)];
    assert.equal(b.take(next, 200), "fresh");
    for (const frame of [late, next, ...recorded]) assert.equal(b.take(frame, 200), "replayed");
  });

  it("follow a peer that restarted, and never return to its former session", () => {
    const { a, b, recorded, fromA } = introduced();
    // These echo frames of ours, and B did not receive them.
    const held = [fromA(100), fromA(150)];
    assert.equal(a.take(b.next(150), 150), "fresh");
    held.push(fromA(160));
    const restarted = new PeerSession();
    assert.equal(b.take(restarted.next(200), 200), "unproven");
    assert.equal(restarted.take(b.nextAnswer(200), 200), "fresh");
    assert.equal(b.take(restarted.next(210), 210), "fresh");
    for (const frame of [...held, ...recorded]) assert.equal(b.take(frame, 220), "replayed");
    assert.equal(b.take(restarted.next(300), 300), "fresh");
  });

  it("show whether the peer still hears this side, by the frames that it echoes", () => {
    const { a, b, fromA } = introduced();
    const lost = (from: number, to: number) => {
      for (let now = from; now < to; now += 100) b.next(now);
    };
    assert.ok(b.isHeardBy(fromA(100), 100));
    // B is silent, as one that is busy.
    assert.ok(b.isHeardBy(fromA(2_000), 2_000));
    lost(2_000, 2_300);
    assert.ok(b.isHeardBy(fromA(2_300), 2_300));
    lost(2_300, 2_500);
    assert.equal(b.isHeardBy(fromA(2_500), 2_500), false);
    assert.equal(a.take(b.next(2_500), 2_510), "fresh");
    assert.ok(b.isHeardBy(fromA(2_510), 2_510));
    assert.equal(b.isHeardBy({ heard: new PeerSession().next(0).position }, 2_510), false);
  });

  it("do not believe recorded frames after the receiver restarted", () => {
    const { b, recorded, fromA } = introduced();
    for (let now = 100; now < 1_000; now += 100) b.take(fromA(now), now);
    const restarted = new PeerSession();
    restarted.next(1_000);
    for (const frame of recorded) assert.equal(restarted.take(frame, 1_000), "unproven");
  });

  it("do not believe an echo that is older than three seconds, or of a frame that was not sent", () => {
    const { b } = introduced();
    const stranger = new PeerSession();
    b.take(stranger.next(1_000), 1_000);
    stranger.take(b.nextAnswer(1_000), 1_000);
    const echo = stranger.next(1_000);
    for (let now = 1_000; now <= 5_000; now += 100) b.next(now);
    assert.equal(b.take(echo, 5_000), "unproven");
    const { session, counter } = b.next(5_000).position;
    const future = { ...stranger.next(5_000), heard: { session, counter: counter + 1 } };
    assert.equal(b.take(future, 5_000), "unproven");
    const present = { ...stranger.next(5_000), heard: { session, counter } };
    assert.equal(b.take(present, 5_000), "fresh");
  });

  it("stay with the believed one while frames of others are replayed", () => {
    const { a, b, fromA } = introduced();
    for (let i = 0; i < 200; i++) {
      assert.equal(b.take(new PeerSession().next(0), i), "unproven");
      assert.equal(b.next(i).heard.session, a.next(i).position.session);
    }
    assert.equal(b.take(fromA(300), 300), "fresh");
  });
});
