import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Archive } from "./archive.ts";

describe("an archive", () => {
  it("has no file outside its folder", async () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-"));
    const escaped = join(folder, "escaped");
    using archive = new Archive();
    const paths = [`connections/../../../../../../..${escaped}/log.txt`, escaped, "a//b", "..", ""];
    for (const path of paths)
      await assert.rejects(
        archive.put(path, async () => "text"),
        /path/,
      );
    await archive.put("connections/partner/log.txt", async () => "text");
    const out = join(folder, "out.tar.gz");
    archive.write(out);
    const listed = execFileSync("tar", ["-tzf", out], { encoding: "utf8" });
    assert.match(listed, /^ipman-gathered\/connections\/partner\/log\.txt$/m);
    assert.ok(!existsSync(escaped));
    rmSync(folder, { recursive: true });
  });

  it("has no character that controls a terminal, and keeps lines and tabs", async () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-"));
    using archive = new Archive();
    await archive.put("log.txt", async () => "a\tb\n\u001b]0;title\u0007\n");
    const out = join(folder, "out.tar.gz");
    archive.write(out);
    const text = execFileSync("tar", ["-xzOf", out], { encoding: "utf8" });
    assert.equal(text, "a\tb\n\\x1b]0;title\\x07\n");
    rmSync(folder, { recursive: true });
  });
});
