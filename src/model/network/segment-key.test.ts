import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { parseSegmentKey, SegmentKey } from "./segment-key.ts";

const bytes = Buffer.alloc(32, "secret");
const key = new SegmentKey(bytes);

describe("a segment key", () => {
  it("derives HMAC-SHA-256 of label and parts", () => {
    const expected = createHmac("sha256", bytes).update('["mac","a","b"]').digest();
    assert.deepEqual(key.derive("mac", "a", "b"), expected);
  });

  it("derives different values for different lists of parts", () => {
    const parts = fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 4 });
    const derived = ([label = "", ...rest]: string[]) => key.derive(label, ...rest).toString("hex");
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        assert.equal(derived(a) === derived(b), JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    assert.notEqual(derived(["a", "bc"]), derived(["ab", "c"]));
    assert.notEqual(derived(["a", ""]), derived(["a"]));
  });

  it("does not reveal its bytes when it is printed or serialised", () => {
    const shown = [JSON.stringify({ key }), inspect(key, { showHidden: true, depth: 9 })];
    for (const text of shown) {
      assert.ok(!text.includes("secret"), text);
      assert.ok(!text.includes("115"), text);
      assert.ok(!text.includes(bytes.toString("base64").slice(0, 8)), text);
    }
    assert.equal(JSON.stringify(key), "{}");
    assert.deepEqual(Object.keys(key), []);
  });

  it("does not change with the buffer that it was made from", () => {
    const given = Buffer.from(bytes);
    const made = new SegmentKey(given);
    given.fill(0);
    assert.ok(made.equals(key));
    assert.ok(!made.equals(new SegmentKey(given)));
  });

  it("has 32 bytes", () => {
    for (const length of [0, 31, 33]) {
      assert.throws(() => new SegmentKey(Buffer.alloc(length)), /32 bytes/);
    }
  });

  it("is parsed from base64 only", () => {
    const text = bytes.toString("base64");
    assert.ok(parseSegmentKey(text)?.equals(key));
    assert.ok(parseSegmentKey(`${text}\n`)?.equals(key));
    for (const other of [
      "",
      "x",
      text.slice(4),
      `${text}AAAA`,
      `!${text}`,
      bytes.toString("hex"),
    ]) {
      assert.equal(parseSegmentKey(other), undefined, other);
    }
  });
});
