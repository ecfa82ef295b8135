import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/security.md"), "utf8");
const sources = globSync("{src,test,lab,packages,scripts}/**/*.ts", { cwd: root }).filter(
  (path) => !path.includes("node_modules"),
);

/** The contents of the file with that name or path; undefined if it does not exist. */
function textOf(name: string): string | undefined {
  const found = sources.find((path) => path === name || basename(path) === name);
  return found === undefined ? undefined : readFileSync(join(root, found), "utf8");
}

/** The lines of the page that name tests: by file, and by title. */
const lines = page.split("\n").flatMap((line) => {
  const cell = /^\|.*\|(.*)\|$/.exec(line)?.[1] ?? "";
  const files = [...cell.matchAll(/`([\w./-]+\.ts)`/g)].map(([, name = ""]) => name);
  const titles = [...cell.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title);
  return files.length + titles.length === 0 ? [] : [{ line, files, titles }];
});

describe("the page on security", () => {
  it("names existing tests only", () => {
    assert.ok(lines.length > 20);
    let last: string[] = [];
    for (const { line, files, titles } of lines) {
      const texts = files.map((name) => {
        const text = textOf(name);
        assert.ok(text !== undefined, `${name} does not exist: ${line}`);
        return text;
      });
      // A line without a file refers to the files of the line before.
      if (texts.length > 0) last = texts;
      for (const title of titles) {
        const words = title.split(/ ?(?:…|\d{5,}) ?/).filter(Boolean);
        const isHeld = last.some((text) => words.every((part) => text.includes(part)));
        assert.ok(isHeld, `no test is named "${title}": ${line}`);
      }
    }
  });
});
