import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { removeUnfinished, replaceFile } from "./replace-file.ts";

describe("a file that is replaced as a whole", () => {
  const folder = mkdtempSync(join(tmpdir(), "replace-"));
  after(() => rmSync(folder, { recursive: true }));

  it("has its mode regardless of the umask, and leaves no temporary file", () => {
    const before = process.umask(0o077);
    try {
      const path = join(folder, "mode", "charon.conf");
      replaceFile(path, "one", 0o644);
      replaceFile(path, "two", 0o644);
      assert.equal(readFileSync(path, "utf8"), "two");
      assert.equal(lstatSync(path).mode & 0o777, 0o644);
      assert.deepEqual(readdirSync(join(folder, "mode")), ["charon.conf"]);
    } finally {
      process.umask(before);
    }
  });

  it("does not follow symbolic links that another process created in the folder", () => {
    const victim = join(folder, "victim");
    const path = join(folder, "links", "charon.conf");
    mkdirSync(join(folder, "links"));
    writeFileSync(victim, "untouched");
    symlinkSync(victim, `${path}.new`);
    symlinkSync(victim, path);
    replaceFile(path, "new", 0o600);
    assert.equal(readFileSync(victim, "utf8"), "untouched");
    assert.ok(lstatSync(path).isFile(), "the link itself is replaced");
    assert.equal(readFileSync(path, "utf8"), "new");
  });

  it("leaves no temporary file if it cannot be replaced", () => {
    const path = join(folder, "refused", "folder");
    mkdirSync(join(path, "not-empty"), { recursive: true });
    assert.throws(() => replaceFile(path, "text", 0o600), /EISDIR|ENOTEMPTY/);
    assert.deepEqual(readdirSync(join(folder, "refused")), ["folder"]);
  });

  it("has the temporary files of a killed process removed, and no others", () => {
    const path = join(folder, "killed", "state.json");
    mkdirSync(join(folder, "killed"));
    const others = ["state.json", "state.json.unreadable", "state.json.new", "other.json"];
    for (const name of [...others, "state.json.0123456789abcdef.new"])
      writeFileSync(join(folder, "killed", name), "");
    removeUnfinished(path);
    assert.deepEqual(readdirSync(join(folder, "killed")).toSorted(), others.toSorted());
  });
});
