import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameSplitter } from "./frames.ts";

function framed(payload: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(payload.length);
  return Buffer.concat([size, payload]);
}

describe("the frame splitter", () => {
  it("returns the same frames wherever the stream is split", () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    fc.assert(
      fc.property(payloads, sizes, (frames, cuts) => {
        const stream = Buffer.concat(frames.map(framed));
        const splitter = new FrameSplitter();
        const found: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] as number;
          found.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(
          found.map((f) => [...f]),
          frames.map((f) => [...f]),
        );
      }),
    );
  });

  it("refuses a frame above 512 KiB when its length arrives", () => {
    const splitter = new FrameSplitter();
    assert.throws(() => splitter.push(Buffer.from([0x00, 0x08, 0x00, 0x01])), {
      code: "malformed",
    });
  });
});
