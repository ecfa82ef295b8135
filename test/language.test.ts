import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { avoidedWordsIn, textFiles } from "../scripts/structure/avoided-words.ts";

const root = join(import.meta.dirname, "..");

/**
 * Folders and files that still have to be rewritten. The list only shrinks: an entry without
 * avoided words fails the test.
 */
const notYet: readonly string[] = ["test/models"];

/** Correct uses of an avoided word, each with its reason. */
const allowed: readonly { readonly path: RegExp; readonly word: RegExp; readonly why: string }[] = [
  {
    path: /avoided-words(\.test)?\.ts$/,
    word: /./,
    why: "the patterns themselves",
  },
  {
    path: /^bench\/page\/main\.ts$/,
    word: /^document$/,
    why: "the object of the browser's API",
  },
  {
    path: /^scripts\/images\/spdx-document(\.test)?\.ts$/,
    word: /^DOCUMENT$/,
    why: "a fixed identifier of SPDX",
  },
];

const places = globSync(textFiles, { cwd: root })
  .toSorted()
  .flatMap((path) =>
    avoidedWordsIn(path, readFileSync(join(root, path), "utf8"))
      .filter(({ word }) => !allowed.some((one) => one.path.test(path) && one.word.test(word)))
      .map(({ line, word, use }) => ({ path, text: `${path}:${line} "${word}": use ${use}` })),
  );

const isIn = (path: string, entry: string) => path === entry || path.startsWith(`${entry}/`);

describe("the language of documentation, messages and comments", () => {
  it("has none of the words that the house style avoids", () => {
    const found = places.filter(({ path }) => !notYet.some((entry) => isIn(path, entry)));
    assert.deepEqual(
      found.map(({ text }) => text),
      [],
    );
  });

  it("lists only folders that still have avoided words", () => {
    const clean = notYet.filter((entry) => !places.some(({ path }) => isIn(path, entry)));
    assert.deepEqual(clean, []);
  });
});
