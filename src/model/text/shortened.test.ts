import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { shortened, shortenedBytes } from "./shortened.ts";

/** In code points. */
const lengthOf = (text: string) => Array.from(text).length;

describe("a shortened text", () => {
  it("is the text itself if it fits", () => {
    assert.equal(shortened("abc", 3), "abc");
    assert.equal(shortened("🔒🔒🔒", 3), "🔒🔒🔒", "the limit counts code points, not units");
  });

  it("ends with an ellipsis and splits no character", () => {
    assert.equal(shortened("abcd", 3), "ab…");
    assert.equal(shortened("a🔒🔒🔒", 3), "a🔒…");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (text, most) => {
        const short = shortened(text, most);
        assert.ok(lengthOf(short) <= most);
        assert.ok(short.isWellFormed());
        if (lengthOf(text) <= most) assert.equal(short, text);
        else assert.ok(text.startsWith(short.slice(0, -1)) && short.endsWith("…"));
      }),
    );
  });

  it("is limited in bytes of UTF-8 if the API counts bytes", () => {
    assert.equal(shortenedBytes("äöü", 6), "äöü");
    assert.equal(shortenedBytes("äöüß", 6), "ä…");
    fc.assert(
      fc.property(
        // A replacement character in the text would look like one of a split character.
        fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\ufffd", "")),
        fc.integer({ min: 3, max: 40 }),
        (text, most) => {
          const short = shortenedBytes(text, most);
          assert.ok(Buffer.byteLength(short) <= most);
          assert.ok(!short.includes("\ufffd"));
          if (Buffer.byteLength(text) <= most) assert.equal(short, text);
          else assert.ok(text.startsWith(short.slice(0, -1)));
        },
      ),
    );
  });
});
