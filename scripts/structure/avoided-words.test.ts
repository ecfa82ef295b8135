import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { avoidedWordsIn } from "./avoided-words.ts";

const inSource = (...lines: string[]) =>
  avoidedWordsIn("src/a.ts", lines.join("\n")).map(({ line, word }) => `${line} ${word}`);
const inPage = (...lines: string[]) =>
  avoidedWordsIn("docs/a.md", lines.join("\n")).map(({ line, word }) => `${line} ${word}`);

describe("the avoided words of a module", () => {
  it("are found in comments, strings and templates, by line", () => {
    const found = inSource(
      "/**",
      " * A state that nobody reads.",
      " */",
      'export const a = "made anew";',
      "const b = `${a} is told ${a}`; // It is no error.",
    );
    assert.deepEqual(found.toSorted(), ["2 nobody", "4 anew", "5 is no", "5 told"]);
  });

  it("are found in declared names, as whole words", () => {
    const found = inSource(
      "interface Figures { readonly carrierOf: string }",
      "function tellAll() {",
      "  const creationTimestamp = 1;",
      "}",
    );
    assert.deepEqual(found.toSorted(), ["1 carrier", "1 figures", "2 tell"]);
    assert.equal(avoidedWordsIn("src/book-shelf.ts", "").length, 2);
  });

  it("are not found in imports", () => {
    assert.deepEqual(inSource('import { news } from "./news.ts";', "export { news };"), []);
  });

  it("include a sentence of a comment that begins without its subject", () => {
    assert.deepEqual(inSource("/** Of a child. It waits. Where it fails, it retries. */"), [
      "1 Of",
      "1 . Where",
    ]);
    assert.deepEqual(inSource("/** A child, where it fails, retries. */"), []);
  });
});

describe("the avoided words of a page", () => {
  it("are found in prose, tables and headings", () => {
    const found = inPage("# What runs", "", "It lets go of it.", "", "| a | Those that end |");
    assert.deepEqual(found, ["3 lets go", "1 # What", "5 | Those"]);
  });

  it("are not found in code and link targets", () => {
    assert.deepEqual(
      inPage("`nobody` is a user, see [users](nobody.md).", "", "```", "nobody", "```"),
      [],
    );
  });

  it("do not include questions and correct uses", () => {
    assert.deepEqual(inPage("What fails?", "", "There is no route. It is no longer up."), []);
  });
});
