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
    it(`decodes or refuses ${name} truncated at every offset`, () => {
      for (let end = 0; end < bytes.length; end++) truncated(bytes.subarray(0, end));
    });
  }

  it("decodes every message that it encoded", () => {
    fc.assert(
      fc.property(message, (sent) => {
        assert.deepEqual(decodeMessage(encodeMessage(sent)), sent);
      }),
    );
  });

  it("decodes or refuses arbitrary bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), truncated), { numRuns: 2000 });
  });

  it("decodes all values as bytes on request", () => {
    const bytes = encodeMessage({ a: "x", list: ["y"] });
    assert.deepEqual(decodeMessage(bytes, { bytes: true }), {
      a: Uint8Array.of(120),
      list: [Uint8Array.of(121)],
    });
  });

  it("decodes the named values as bytes and the others as text", () => {
    const data = Uint8Array.of(0xff, 0x00, 0xfe);
    const bytes = encodeMessage({ type: "X509", data });
    assert.deepEqual(decodeMessage(bytes, { bytes: new Set(["data"]) }), { type: "X509", data });
  });

  it("keeps a member that is named __proto__", () => {
    const bytes = encodeMessage(JSON.parse('{"__proto__":{"polluted":"yes"}}'));
    const decoded = decodeMessage(bytes);
    assert.deepEqual(Object.keys(decoded), ["__proto__"]);
    assert.equal(decoded["polluted"], undefined);
  });

  it("keeps apart the members of sections with the same names", () => {
    const names = fc.uniqueArray(fc.oneof(name, fc.constantFrom("__proto__", "7", "a")), {
      minLength: 17,
      maxLength: 30,
    });
    const members = fc.array(
      fc.oneof(fc.string(), fc.array(fc.string()), fc.constant({ a: "b" })),
      {
        minLength: 30,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(names, fc.array(members, { minLength: 3, maxLength: 3 }), (keys, rounds) => {
        const sent = rounds.map((values) => {
          const section: Message = Object.create(null);
          for (const [i, key] of keys.entries()) Object.assign(section, { [key]: values[i] });
          return section;
        });
        const decoded = sent.map((section) => decodeMessage(encodeMessage(section)));
        for (const [i, section] of decoded.entries()) {
          assert.deepEqual({ ...section }, { ...sent[i] });
          assert.deepEqual(Object.keys(section), Object.keys(sent[i] as Message));
          assert.equal(Object.getPrototypeOf(section), Object.prototype);
        }
      }),
    );
  });

  it("distinguishes sections with similar names", () => {
    const named = (names: (i: number) => string) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [names(i), "x"]));
    const alike = [named((i) => `n${100 + i}`), named((i) => `n${200 + i}`)];
    for (const sent of [...alike, ...alike, alike[1], alike[1], alike[0]] as Message[])
      assert.deepEqual(decodeMessage(encodeMessage(sent)), sent);
  });

  it("keeps the last of several members with the same name", () => {
    const once = (value: string) =>
      encodeMessage(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`n${i}`, value])));
    for (let round = 0; round < 3; round++) {
      const decoded = decodeMessage(Buffer.concat([once("first"), once(`last ${round}`)]));
      assert.equal(Object.keys(decoded).length, 20);
      assert.ok(Object.values(decoded).every((value) => value === `last ${round}`));
    }
  });

  it("decodes sections nested as deeply as a packet allows", () => {
    const depth = 100_000;
    const start = Buffer.from([1, 0]);
    const starts = Buffer.alloc(2 * depth, start);
    assert.throws(() => decodeMessage(starts), { code: "malformed" });
    let section = decodeMessage(Buffer.concat([starts, Buffer.alloc(depth, 2)]));
    for (let i = 0; i < depth; i++) section = section[""] as Message;
    assert.deepEqual(section, {});
  });

  it("leaves out undefined members", () => {
    assert.deepEqual(decodeMessage(encodeMessage({ a: undefined, b: "c" })), { b: "c" });
  });

  it("decodes a view that begins inside its buffer", () => {
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
