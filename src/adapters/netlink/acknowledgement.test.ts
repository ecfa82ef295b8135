import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dumpErrorOf, errorOf } from "./acknowledgement.ts";
import { Nl } from "../linux/constants.ts";
import { messagesIn } from "./reader.ts";

/** Messages of Linux 6.1: length, type, flags, sequence number, port, then the body. */
const golden = {
  // A dump of links with an index, under NETLINK_GET_STRICT_CHK: -EINVAL with the reason.
  refusedDump:
    "4c0000000300020201000000c40f0000eaffffff38000100" +
    "46696c7465722062792064657669636520696e646578206e6f7420737570706f7274656420" +
    "666f72206c696e6b2064756d707300",
  endedDump: "140000000300020001000000d204000000000000",
  bareEnd: "100000000300020001000000d2040000",
  // ENOENT for a request of 32 bytes, which is capped; without text.
  refused: "240000000200000101000000d2040000feffffff200000001200050001000000d2040000",
  done: "240000000200000101000000d204000000000000200000001200050001000000d2040000",
};

const message = (hex: string) => {
  const [first, ...more] = messagesIn(Buffer.from(hex, "hex"));
  assert.ok(first !== undefined && more.length === 0);
  return first;
};

describe("an acknowledgement of the kernel", () => {
  it("that ends a dump has the dump's error and the kernel's text", () => {
    const refused = message(golden.refusedDump);
    assert.equal(refused.type, Nl.done);
    const error = dumpErrorOf("list links", refused);
    assert.equal(error?.code, "EINVAL");
    assert.match(error.message, /^list links: EINVAL \(Filter by device index not supported for/);
  });

  it("that ends a dump with success or without a code is not an error", () => {
    assert.equal(dumpErrorOf("list links", message(golden.endedDump)), undefined);
    assert.equal(dumpErrorOf("list links", message(golden.bareEnd)), undefined);
  });

  it("of a request has the request's error even if it replaces a dump", () => {
    for (const read of [errorOf, dumpErrorOf]) {
      assert.equal(read("delete link", message(golden.refused))?.code, "ENOENT");
      assert.equal(read("delete link", message(golden.done)), undefined);
    }
  });
});
