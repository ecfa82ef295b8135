import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { preSharedKey } from "./pre-shared-key.ts";

const keyOf = (value: string | Buffer) => {
  const parsed = preSharedKey(Buffer.from(value));
  return parsed.ok ? Buffer.from(parsed.value).toString("hex") : undefined;
};
const hex = (text: string) => Buffer.from(text).toString("hex");

describe("a pre-shared key", () => {
  for (const [content, value] of [
    ["bytes that are not UTF-8", "9f1c00e4c3a7fe80d2b1"],
    ["a NUL among letters", "61620063"],
    ["bytes with white space around them", "0a9f1c0a"],
    ["control characters with white space around them", "20016120"],
  ] as const) {
    it(`is used unchanged if it has ${content}`, () => {
      assert.equal(keyOf(Buffer.from(value, "hex")), value);
    });
  }

  it("is trimmed if it is text, as by the Go operator", () => {
    assert.equal(keyOf(" \t key of two words\u0085\r\n"), hex("key of two words"));
    assert.equal(keyOf("\ufeffkey"), hex("\ufeffkey"));
    assert.equal(keyOf("a\"b'c"), hex("a\"b'c"));
    assert.equal(keyOf("ключ\n"), hex("ключ"));
  });

  it("is decoded after 0x and 0s, as by swanctl", () => {
    assert.equal(keyOf("0xdeadBEEF\n"), "deadbeef");
    assert.equal(keyOf("0XdeadBEEF"), "deadbeef");
    assert.equal(keyOf("0xde:ad:beef"), "deadbeef");
    assert.equal(keyOf("0xabc"), "0abc");
    assert.equal(keyOf("0xa:bc"), "0abc");
    assert.equal(keyOf("0sFpZAZqEN6Ti9sqt4ZP5EWcqx"), "16964066a10de938bdb2ab7864fe4459cab1");
    assert.equal(keyOf("0S3q2+7w=="), "deadbeef");
    assert.equal(keyOf("0s_-8="), keyOf("0s/+8="));
  });

  it("is refused if it is malformed, with a message that contains no part of it", () => {
    for (const bad of [
      "0x",
      "0xnothex",
      "0xde:a:d",
      "0x:de",
      "0xde:",
      "0x0xde",
      "0xde ad",
      "0s",
      "0sAAA",
      "0sAAAAA",
      "0s====",
      "0sAA=A",
      "0sAA AA",
      "0sAAAA\nBBBB",
      "0s!planted",
      "",
      " \n",
    ]) {
      const parsed = preSharedKey(Buffer.from(bad));
      assert.ok(!parsed.ok, JSON.stringify(bad));
      const [{ message } = { message: "" }] = parsed.problems;
      assert.match(message, /: (correct|write)/);
      assert.doesNotMatch(message, /nothex|planted|AAA/);
    }
    assert.ok(!preSharedKey(Buffer.alloc(65_536, 1)).ok);
    assert.ok(preSharedKey(Buffer.alloc(65_535, 1)).ok);
  });

  it("can be written in hexadecimal and base64, whatever its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        const key = Buffer.from(bytes);
        assert.equal(keyOf(`0x${key.toString("hex")}`), key.toString("hex"));
        assert.equal(keyOf(`0s${key.toString("base64")}`), key.toString("hex"));
      }),
    );
  });
});
