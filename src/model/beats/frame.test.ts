import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SegmentKey } from "../network/segment-key.ts";
import {
  frameKeys,
  mostBeatBytes,
  mostFrameBytes,
  openFrame,
  sealFrame,
  senderTag,
  type Frame,
} from "./frame.ts";

const segmentKey = new SegmentKey(new Uint8Array(32).fill(7));
const keys = frameKeys(segmentKey, "node:a", "node:b");
const frame: Frame = {
  position: { session: "11".repeat(16), counter: 258 },
  heard: { session: "22".repeat(16), counter: 2 ** 47 },
  version: 1,
  count: 2,
  beats: Buffer.from("beats"),
};

describe("a frame", () => {
  it("has the bytes that this version defines", () => {
    const head = [
      "69706d42 01 00 0002", // magic, version, reserved, count
      keys.tag,
      `${"11".repeat(16)} 000000000102`,
      `${"22".repeat(16)} 800000000000`,
      Buffer.from("beats").toString("hex"),
    ];
    const hex = head.join("").replaceAll(" ", "");
    assert.equal(sealFrame(keys, frame).toString("hex").slice(0, -64), hex);
  });

  it("is opened as it was sealed, of any size up to the largest", () => {
    for (const size of [0, 1, mostBeatBytes]) {
      const sealed = sealFrame(keys, { ...frame, beats: Buffer.alloc(size, 3) });
      assert.equal(senderTag(sealed), keys.tag);
      assert.deepEqual(openFrame(keys.key, sealed), { ...frame, beats: Buffer.alloc(size, 3) });
      assert.ok(sealed.length <= mostFrameBytes);
    }
  });

  it("is refused after any change of one of its bits", () => {
    const sealed = sealFrame(keys, frame);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(openFrame(keys.key, changed), undefined);
    }
  });

  it("is refused by the key of the other direction, of another pair and of another cluster", () => {
    const sealed = sealFrame(keys, frame);
    const others = [
      frameKeys(segmentKey, "node:b", "node:a"),
      frameKeys(segmentKey, "node:a", "node:c"),
      frameKeys(segmentKey, "node:c", "node:b"),
      frameKeys(new SegmentKey(new Uint8Array(32).fill(8)), "node:a", "node:b"),
    ];
    for (const other of others) {
      assert.equal(openFrame(other.key, sealed), undefined);
      assert.notEqual(other.tag, keys.tag);
    }
  });

  it("names its sender only if it has the size and the begin of a frame", () => {
    const sealed = sealFrame(keys, { ...frame, beats: Buffer.alloc(0) });
    assert.equal(senderTag(sealed.subarray(1)), undefined);
    assert.equal(senderTag(sealed.subarray(0, -1)), undefined);
    assert.equal(senderTag(Buffer.concat([sealed, Buffer.alloc(mostFrameBytes)])), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_500 }), (bytes) => {
        assert.equal(senderTag(Buffer.from(bytes)), undefined);
      }),
    );
  });
});
