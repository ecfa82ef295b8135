import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beatOfSite } from "./beat.fixture.ts";
import { decodeBeats } from "./beat-codec.ts";
import { BeatQueue, type FrameContent } from "./beat-queue.ts";
import { mostBeatBytes } from "./frame.ts";

const namesIn = (frames: readonly FrameContent[]) =>
  frames.flatMap(({ count, beats }) => decodeBeats(beats, count).map((beat) => beat.connection));

/** A queue of this many reports, none of which is a change any longer. */
function restingQueue(size: number): BeatQueue {
  const queue = new BeatQueue();
  for (let i = 0; i < size; i++) queue.set(beatOfSite({ connection: `site-${i}` }));
  for (let round = 0; round < 200; round++) queue.round();
  return queue;
}

describe("the queue of beats", () => {
  it("has a frame for each round, also without any beat", () => {
    const queue = new BeatQueue();
    assert.deepEqual(queue.changes(), []);
    assert.deepEqual(queue.round(), [{ count: 0, beats: Buffer.alloc(0) }]);
  });

  it("sends a change at once and in two more rounds", () => {
    const queue = restingQueue(100);
    queue.set(beatOfSite({ connection: "site-50", epoch: 8 }));
    assert.deepEqual(namesIn(queue.changes()), ["site-50"]);
    assert.deepEqual(queue.changes(), []);
    for (const expected of [true, true, false])
      assert.equal(namesIn(queue.round()).includes("site-50"), expected);
  });

  it("does not send an equal beat as a change", () => {
    const queue = restingQueue(2);
    queue.set(beatOfSite({ connection: "site-0" }));
    assert.deepEqual(queue.changes(), []);
  });

  for (const size of [1, 9, 100, 1_001]) {
    it(`sends each of ${size} beats within ten rounds, in frames that fit`, () => {
      const queue = restingQueue(size);
      const frames = Array.from({ length: 10 }, () => queue.round());
      assert.equal(new Set(namesIn(frames.flat())).size, size);
      for (const { beats } of frames.flat()) assert.ok(beats.length <= mostBeatBytes);
      if (size <= 100) assert.ok(frames.every((round) => round.length === 1));
    });
  }

  it("spreads very many changes over several rounds", () => {
    const queue = new BeatQueue();
    for (let i = 0; i < 3_000; i++) queue.set(beatOfSite({ connection: `site-${i}` }));
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const frames = queue.round();
      assert.ok(frames.length <= 32);
      for (const name of namesIn(frames)) seen.add(name);
    }
    assert.equal(seen.size, 3_000);
  });

  it("does not send the beats of a connection that was deleted", () => {
    const queue = restingQueue(1);
    queue.delete("site-0");
    assert.deepEqual(namesIn(queue.round()), []);
  });
});
