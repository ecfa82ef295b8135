import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeEchoReply, encodeEchoRequest } from "./echo-message.ts";

/** The request of `ping -c 1 -s 4 -p 0`, by RFC 792. */
const golden = Buffer.from("080000001234220800000000", "hex");
golden.writeUInt16BE(0xffff - ((0x0800 + 0x1234 + 0x2208) & 0xffff), 2);

const ipHeader = Buffer.alloc(20);
ipHeader[0] = 0x45;

describe("an ICMP echo", () => {
  const echo = { identifier: 0x1234, sequence: 0x2208, payloadBytes: 4 };

  it("is requested in the bytes that RFC 792 defines", () => {
    assert.deepEqual(encodeEchoRequest(4, echo), golden);
    const of6 = encodeEchoRequest(6, echo);
    assert.equal(of6.toString("hex"), "800000001234220800000000");
  });

  it("is answered with the identifier and sequence number of its request", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.nat(0xffff),
        fc.nat(0xffff),
        fc.nat(1_500),
        (family, identifier, sequence, payloadBytes) => {
          const sent = { identifier, sequence, payloadBytes };
          const answer = encodeEchoRequest(family, sent);
          answer[0] = family === 4 ? 0 : 129;
          const packet = family === 4 ? Buffer.concat([ipHeader, answer]) : answer;
          assert.deepEqual(decodeEchoReply(family, packet), sent);
        },
      ),
    );
  });

  it("is not accepted as a reply if it is cut short or of another type", () => {
    const answer = Buffer.concat([ipHeader, encodeEchoRequest(4, echo)]);
    answer[20] = 0;
    for (let size = 0; size < 28; size++)
      assert.equal(decodeEchoReply(4, answer.subarray(0, size)), undefined);
    answer[20] = 3;
    assert.equal(decodeEchoReply(4, answer), undefined);
    assert.equal(decodeEchoReply(6, encodeEchoRequest(6, echo)), undefined);
  });
});
