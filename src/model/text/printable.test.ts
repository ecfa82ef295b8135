import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { printable, printableJson, printableLines, printableValue } from "./printable.ts";

describe("a text for a terminal", () => {
  it("stays as it is if it does not affect a terminal", () => {
    for (const text of ["partner", "Zürich – 東京 🔒", String.raw`a\b "c" $(d)`])
      assert.equal(printable(text), text);
  });

  it("has control characters, line breaks, and hiding or direction characters escaped", () => {
    assert.equal(printable("\u001b[2J\u009b31m"), String.raw`\x1b[2J\x9b31m`);
    assert.equal(printable("a\nb\tc\rd\u007f"), String.raw`a\x0ab\x09c\x0dd\x7f`);
    assert.equal(
      printable("user\u202etxt.exe\u2028\u200b"),
      String.raw`user\u202etxt.exe\u2028\u200b`,
    );
    assert.equal(printable("\ud800x\u{e0001}"), String.raw`\ud800x\u{e0001}`);
  });

  it("contains no such character for any input", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Cs}]/u);
        assert.equal(printable(printable(text)), printable(text));
      }),
    );
  });

  it("keeps line feeds and tabs if it has several lines", () => {
    assert.equal(printableLines("a\tb\r\n\u001b[2J\n"), "a\tb\\x0d\n\\x1b[2J\n");
  });

  it("keeps its value if it is a line of JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const line = `${JSON.stringify({ text })}\n`;
        const shown = printableJson(line);
        assert.doesNotMatch(shown.trimEnd(), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.deepEqual(JSON.parse(shown), { text });
        assert.equal(shown.at(-1), "\n");
      }),
    );
  });

  it("is applied to every string in a value, including member names", () => {
    const value = { "a\u001b": ["\u001b", 1, null, 2n, undefined, { b: "\u0007" }] };
    assert.deepEqual(printableValue(value), {
      [String.raw`a\x1b`]: [String.raw`\x1b`, 1, null, 2n, undefined, { b: String.raw`\x07` }],
    });
  });
});
