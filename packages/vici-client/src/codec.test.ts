import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { ViciError } from "./errors.ts";
import { golden } from "./golden.fixture.ts";
import type { Message } from "./message.ts";

const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
const { message } = fc.letrec<{ message: Message }>((tie) => ({
  message: fc.dictionary(
    name,
    fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "grapheme" }),
      fc.array(fc.string({ maxLength: 80 })),
      tie("message"),
    ),
    { noNullPrototype: true },
  ),
}));

describe("the message codec", () => {
  for (const { name, message, bytes } of golden) {
    it(`encodes ${name}`, () => assert.deepEqual(encodeMessage(message), bytes));
    it(`decodes ${name}`, () => assert.deepEqual(decodeMessage(bytes), message));
    it(`refuses ${name} cut off anywhere, or gives a message`, () => {
      for (let end = 0; end < bytes.length; end++) truncated(bytes.subarray(0, end));
    });
  }

  it("gives back every message that it encodes", () => {
    fc.assert(
      fc.property(message, (sent) => {
        assert.deepEqual(decodeMessage(encodeMessage(sent)), sent);
      }),
    );
  });

  it("ends on arbitrary bytes, with a message or a ViciError", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), truncated), { numRuns: 2000 });
  });

  it("gives all values as bytes when asked", () => {
    const bytes = encodeMessage({ a: "x", list: ["y"] });
    assert.deepEqual(decodeMessage(bytes, { bytes: true }), {
      a: Uint8Array.of(120),
      list: [Uint8Array.of(121)],
    });
  });

  it("gives the named values as bytes, the others as text", () => {
    const data = Uint8Array.of(0xff, 0x00, 0xfe);
    const bytes = encodeMessage({ type: "X509", data });
    assert.deepEqual(decodeMessage(bytes, { bytes: new Set(["data"]) }), { type: "X509", data });
  });

  it("keeps a member named __proto__ a member", () => {
    const bytes = encodeMessage(JSON.parse('{"__proto__":{"polluted":"yes"}}'));
    const decoded = decodeMessage(bytes);
    assert.deepEqual(Object.keys(decoded), ["__proto__"]);
    assert.equal(decoded["polluted"], undefined);
  });

  it("leaves out undefined members", () => {
    assert.deepEqual(decodeMessage(encodeMessage({ a: undefined, b: "c" })), { b: "c" });
  });

  it("reads a view that does not begin at its buffer's start", () => {
    const inner = encodeMessage({ a: "b", ü: "ä" });
    const outer = new Uint8Array(inner.length + 7);
    outer.set(inner, 5);
    assert.deepEqual(decodeMessage(outer.subarray(5, 5 + inner.length)), { a: "b", ü: "ä" });
  });

  for (const [what, sent] of [
    ["a name of 256 bytes", { ["n".repeat(256)]: "" }],
    ["a value of 65,536 bytes", { k: "v".repeat(65_536) }],
    ["a value of 65,536 raw bytes", { k: new Uint8Array(65_536) }],
    ["a value of 22,000 three-byte characters", { k: "€".repeat(22_000) }],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => encodeMessage(sent), { name: "ViciError", code: "too-large" });
    });
  }
});

function truncated(bytes: Uint8Array): void {
  try {
    decodeMessage(bytes);
  } catch (error) {
    assert.ok(error instanceof ViciError);
    assert.equal(error.code, "malformed");
  }
}
