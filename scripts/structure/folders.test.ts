import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { foldersOf, upward } from "./folders.ts";
import type { SourceFile } from "./source-file.ts";

function file(path: string, ...imports: string[]): SourceFile {
  return { path, imports, types: [], functions: [], uselessSpreads: [] };
}

describe("the folders of a source tree", () => {
  it("have each dependency between their files once", () => {
    const { files, arrows, circles, floors } = foldersOf([
      file("src/main/a.ts", "src/runtime/b.ts", "src/main/c.ts"),
      file("src/main/c.ts", "src/runtime/b.ts"),
      file("src/runtime/b.ts", "src/model/net/d.ts"),
      file("src/model/net/d.ts"),
    ]);
    assert.deepEqual(
      [...files],
      [
        ["src/main", 2],
        ["src/runtime", 1],
        ["src/model/net", 1],
      ],
    );
    assert.deepEqual(arrows, [
      { from: "src/main", to: "src/runtime" },
      { from: "src/runtime", to: "src/model/net" },
    ]);
    assert.deepEqual(circles, []);
    assert.equal(floors, 3);
  });

  it("are in a cycle if each can be reached from the others", () => {
    const { circles, floors } = foldersOf([
      file("a/a.ts", "b/b.ts"),
      file("b/b.ts", "c/c.ts", "d/d.ts"),
      file("c/c.ts", "a/a.ts"),
      file("d/d.ts"),
    ]);
    assert.deepEqual(circles, [["a", "b", "c"]]);
    assert.equal(floors, 2);
  });
});

describe("a dependency", () => {
  it("is upward if it violates the order of the layers", () => {
    const up = { from: "src/model/net", to: "src/runtime" };
    const across = { from: "src/adapters/vici", to: "src/machines" };
    const others = [
      { from: "src/main", to: "src/model" },
      { from: "src/runtime", to: "src/adapters/vici" },
      { from: "src/model/api", to: "src/model/net" },
      { from: "src/page", to: "src/model" },
    ];
    assert.deepEqual(upward([up, across, ...others]), [up, across]);
  });
});
