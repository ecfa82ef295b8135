import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addressFromBytes, formatAddress } from "../../../src/model/net/address.ts";
import { IkeSyntaxError } from "./byte-reader.ts";
import { goldenMessage, goldenPayloads } from "./golden.fixture.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import { decodePayloads, encodePayloads, type Payload } from "./payload.ts";
import { selectorOf } from "./selector.ts";

const byte = fc.nat(0xff);
const short = fc.nat(0xffff);
const someBytes = (minLength = 0, maxLength = 40) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
const spiOf = (...sizes: readonly number[]) =>
  fc.constantFrom(...sizes).chain((size) => someBytes(size, size));

/** Objects with the usual prototype, so that they can be compared. */
const plain = { noNullPrototype: true } as const;

const transform = fc.record(
  { type: byte, id: short, keyBits: fc.option(short, { nil: undefined }) },
  plain,
);

const proposal = fc.record(
  {
    number: byte,
    protocol: byte,
    spi: spiOf(0, 4, 8),
    transforms: fc.array(transform, { minLength: 1, maxLength: 6 }),
  },
  plain,
);

const selector = fc.constantFrom(4, 16).chain((size) => {
  const address = someBytes(size, size).map((bytes) => formatAddress(addressFromBytes(bytes)));
  return fc.record(
    { protocol: byte, firstPort: short, lastPort: short, first: address, last: address },
    plain,
  );
});

const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("sa" as const),
      proposals: fc.array(proposal, { minLength: 1, maxLength: 4 }),
    },
    plain,
  ),
  fc.record({ kind: fc.constant("keyExchange" as const), group: short, data: someBytes() }, plain),
  fc.record(
    {
      kind: fc.constantFrom("idInitiator" as const, "idResponder" as const),
      type: byte,
      data: someBytes(),
    },
    plain,
  ),
  fc.record({ kind: fc.constant("auth" as const), method: byte, data: someBytes() }, plain),
  fc.record({ kind: fc.constant("nonce" as const), data: someBytes() }, plain),
  fc.record(
    {
      kind: fc.constant("notify" as const),
      protocol: byte,
      spi: spiOf(0, 4),
      type: short,
      data: someBytes(),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant("delete" as const),
      protocol: byte,
      spis: fc.array(someBytes(4, 4), { maxLength: 4 }),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constantFrom("tsInitiator" as const, "tsResponder" as const),
      selectors: fc.array(selector, { maxLength: 4 }),
    },
    plain,
  ),
  fc.record(
    { kind: fc.constant("other" as const), type: fc.constant(43), body: someBytes() },
    plain,
  ),
);

const goldenAuth = {
  header: { ...goldenMessage.message.header, exchange: 35 },
  payloads: goldenPayloads.payloads,
};

describe("the codec of IKE messages", () => {
  it("has the bytes of RFC 7296 for IKE_SA_INIT, both ways", () => {
    const { bytes, message } = goldenMessage;
    assert.equal(encodeMessage(message).toString("hex"), bytes.toString("hex"));
    assert.deepEqual(decodeMessage(bytes), message);
  });

  it("has the bytes of RFC 7296 for the payloads of encrypted messages, both ways", () => {
    const { chain, payloads } = goldenPayloads;
    const encoded = encodePayloads(payloads);
    assert.equal(encoded.bytes.toString("hex"), chain.bytes.toString("hex"));
    assert.equal(encoded.first, chain.first);
    assert.deepEqual(decodePayloads(chain), payloads);
  });

  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), (payloads) => {
        assert.deepEqual(decodePayloads(encodePayloads(payloads)), payloads);
      }),
    );
  });

  it("rejects messages and payloads that are cut short, at every offset", () => {
    const { bytes } = goldenMessage;
    for (let size = 0; size < bytes.length; size++) {
      const cut = Buffer.from(bytes.subarray(0, size));
      assert.throws(() => decodeMessage(cut), IkeSyntaxError, `${size} bytes`);
      // The same with a length that matches.
      if (size < 28) continue;
      cut.writeUInt32BE(size, 24);
      assert.throws(() => decodeMessage(cut), IkeSyntaxError, `${size} announced bytes`);
    }
    const { first, bytes: chain } = goldenPayloads.chain;
    for (let size = 0; size < chain.length; size++) {
      const cut = { first, bytes: chain.subarray(0, size) };
      assert.throws(() => decodePayloads(cut), IkeSyntaxError, `${size} bytes of payloads`);
    }
  });

  it("rejects other bytes with an error of syntax, or decodes them", () => {
    const changed = fc.tuple(
      fc.constantFrom(goldenMessage.bytes, encodeMessage(goldenAuth)),
      fc.array(fc.tuple(fc.nat(300), byte), { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(changed, ([seed, changes]) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) bytes[28 + (at % (bytes.length - 28))] = value;
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof IkeSyntaxError, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("has the range of a network as its selector", () => {
    const all = { protocol: 0, firstPort: 0, lastPort: 65_535 };
    assert.deepEqual(selectorOf("10.1.2.0/23"), { ...all, first: "10.1.2.0", last: "10.1.3.255" });
    assert.deepEqual(selectorOf("0.0.0.0/0"), {
      ...all,
      first: "0.0.0.0",
      last: "255.255.255.255",
    });
  });
});
