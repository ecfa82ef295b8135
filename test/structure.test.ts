import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { foldersOf, upward } from "../scripts/structure/folders.ts";
import { readSourceTree } from "../scripts/structure/source-file.ts";

const most = 15;

describe("the source tree", () => {
  const sources = readSourceTree(join(import.meta.dirname, ".."));
  const { files, arrows, circles } = foldersOf(sources);

  it("has no folders that depend on each other", () => {
    assert.deepEqual(circles, []);
  });

  it("has no import against the order of the layers", () => {
    assert.deepEqual(upward(arrows), []);
  });

  it("declares each type name once", () => {
    const places = sources.flatMap(({ path, types }) => types.map(({ name }) => ({ name, path })));
    const twice = [...Map.groupBy(places, ({ name }) => name).values()].filter(
      (some) => some.length > 1,
    );
    assert.deepEqual(twice, []);
  });

  it(`has at most ${most} files in a folder`, () => {
    // The page is a separate program.
    const large = [...files].filter(([folder, count]) => count > most && folder !== "src/page");
    assert.deepEqual(large, []);
  });
});
