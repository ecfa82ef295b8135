import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf, parseAddress, type Address } from "../net/address.ts";
import { announcementFrame } from "./announcement.ts";
import { jhash } from "../net/jhash.ts";

const seeds = [1, 2, 3, 4, 5, 6, 7, 0xffff_ffff];
const macs = { mac: "02:00:00:00:00:03", gatewayMac: "02:00:00:00:00:01" };
const address = (text: string) => parseAddress(text) as Address;

/** Computes as a worker's kernel does which of the frame's fields prove a sender. */
function accepted(frame: Buffer, sender: Address): boolean[] {
  return seeds.map((seed, i) => {
    const field = frame.subarray(14 + i * 4, 18 + i * 4);
    return jhash(Buffer.concat([bytesOf(sender), field]), seed) >>> 24 === 0;
  });
}

describe("an announcement", () => {
  for (const text of ["10.244.0.1", "fd44::1"]) {
    const source = address(text);
    const frame = announcementFrame({ ...macs, seeds, source });

    it(`of ${text} is a frame from the gateway to the worker`, () => {
      assert.equal(frame.length, 60);
      assert.equal(frame.toString("hex", 0, 14), "02000000000302000000000188b5");
    });

    it(`of ${text} is proved by every field, and is the same each time`, () => {
      assert.ok(accepted(frame, source).every(Boolean));
      assert.deepEqual(announcementFrame({ ...macs, seeds, source }), frame);
    });
  }

  it("does not prove another sender", () => {
    const frame = announcementFrame({ ...macs, seeds, source: address("10.244.0.1") });
    for (const other of ["10.244.0.2", "10.244.1.1", "10.245.0.1"])
      assert.ok(!accepted(frame, address(other)).every(Boolean), other);
  });
});
