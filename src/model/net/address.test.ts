import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addressFromBytes, bytesOf, formatAddress, parseAddress, type Address } from "./address.ts";

describe("an address", () => {
  for (const [text, canonical] of [
    ["0.0.0.0", "0.0.0.0"],
    ["192.168.1.254", "192.168.1.254"],
    ["::", "::"],
    ["::1", "::1"],
    ["fd00:0:0:1::5", "fd00:0:0:1::5"],
    ["2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ] as const) {
    it(`is parsed from ${text}`, () => {
      assert.equal(formatAddress(parseAddress(text) as Address), canonical);
    });
  }

  for (const text of [
    ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4/8", " 1.2.3.4", "a.b.c.d"],
    [":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::", "12345::", "fe80::1%eth0"],
    ["1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::"],
  ].flat()) {
    it(`is not parsed from "${text}"`, () => assert.equal(parseAddress(text), undefined));
  }

  it("survives a round trip through text and through bytes", () => {
    const v4 = fc.bigInt(0n, (1n << 32n) - 1n).map((value): Address => ({ family: 4, value }));
    const v6 = fc.bigInt(0n, (1n << 128n) - 1n).map((value): Address => ({ family: 6, value }));
    fc.assert(
      fc.property(fc.oneof(v4, v6), (address) => {
        assert.deepEqual(parseAddress(formatAddress(address)), address);
        assert.deepEqual(addressFromBytes(bytesOf(address)), address);
      }),
    );
  });
});
