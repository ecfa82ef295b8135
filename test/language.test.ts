import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { avoidedWordsIn, textFiles } from "../scripts/structure/avoided-words.ts";

const root = join(import.meta.dirname, "..");

describe("the language of documentation, messages, comments and names", () => {
  it("has none of the words that the house style avoids", () => {
    const found = globSync(textFiles, { cwd: root })
      .toSorted()
      .flatMap((path) =>
        avoidedWordsIn(path, readFileSync(join(root, path), "utf8")).map(
          ({ line, word, use }) => `${path}:${line} "${word}": use ${use}`,
        ),
      );
    assert.deepEqual(found, []);
  });
});
