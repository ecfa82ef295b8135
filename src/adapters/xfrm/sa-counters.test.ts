import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress } from "../../model/net/address.ts";
import { MessageWriter } from "../netlink/writer.ts";
import { saCountersIn } from "./sa-counters.ts";

const headerBytes = 16;

/** The body of XFRM_MSG_NEWSA: struct xfrm_usersa_info, then attributes. */
function newSa(family: number, ifId: number | undefined): Buffer {
  const writer = new MessageWriter();
  writer.begin(16, 0, 224);
  if (ifId !== undefined) writer.attributeU32(31, ifId);
  const body = Buffer.from(writer.bytes().subarray(headerBytes));
  // The destination and the source, as IPv4 or the first bytes of IPv6.
  body.set([192, 0, 2, 1], 56);
  body.writeUInt32BE(7, 72);
  body.set([192, 0, 2, 2], 80);
  body.writeBigUInt64LE(1_000n, 160);
  body.writeBigUInt64LE(9n, 168);
  // struct xfrm_stats: replay window, replayed packets, integrity failures.
  body.writeUInt32LE(1, 192);
  body.writeUInt32LE(2, 196);
  body.writeUInt32LE(3, 200);
  body.writeUInt16LE(family, 212);
  return body;
}

describe("the counters of an SA in the kernel", () => {
  it("are read with its ends", () => {
    const read = saCountersIn(newSa(2, 102));
    assert.ok(read !== undefined);
    const { source, destination, ...counters } = read;
    assert.deepEqual(counters, { ifId: 102, packets: 9, integrityFailures: 3 });
    assert.deepEqual([source, destination].map(formatAddress), ["192.0.2.2", "192.0.2.1"]);
    const other = saCountersIn(newSa(10, 102));
    assert.equal(other && formatAddress(other.source), "c000:202::");
  });

  it("are not read from an SA without an if_id, or from a message that is cut short", () => {
    assert.equal(saCountersIn(newSa(2, undefined)), undefined);
    const whole = newSa(2, 102);
    for (let length = 0; length < whole.length; length++)
      assert.equal(saCountersIn(whole.subarray(0, length)), undefined);
  });
});
