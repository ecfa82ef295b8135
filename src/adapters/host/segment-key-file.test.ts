import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { SegmentKeyFile } from "./segment-key-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ipman-key-"));
const unexpected = (error: unknown) => assert.fail(String(error));

describe("the file of a host's segment key", () => {
  after(() => rmSync(folder, { recursive: true }));

  it("is created once, readable by its owner only", () => {
    const path = join(folder, "state", "segment.key");
    const first = new SegmentKeyFile(path, unexpected);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(folder, "state")), ["segment.key"]);
    const second = new SegmentKeyFile(path, unexpected);
    assert.ok(second.key.equals(first.key));
    assert.deepEqual([first.isNew, second.isNew], [true, false]);
    assert.ok(!new SegmentKeyFile(join(folder, "other.key"), unexpected).key.equals(first.key));
  });

  for (const text of ["", "AAAA", "\0".repeat(45)]) {
    it(`is set aside and replaced if it contains ${JSON.stringify(text.slice(0, 5))}`, () => {
      const path = join(folder, "broken.key");
      const troubles: unknown[] = [];
      writeFileSync(path, text);
      const file = new SegmentKeyFile(path, (error) => troubles.push(error));
      assert.match(
        String(troubles),
        /broken\.key cannot be read: it is not the base64 of 32 bytes/,
      );
      assert.match(file.problem ?? "", /attaches the workloads again/);
      assert.equal(readFileSync(`${path}.unreadable`, "utf8"), text);
      assert.ok(file.isNew);
      const next = new SegmentKeyFile(path, unexpected);
      assert.ok(next.key.equals(file.key), "the new key is stored");
      rmSync(`${path}.unreadable`);
      assert.equal(file.problem, undefined);
    });
  }

  it("is set aside even if it is a folder", () => {
    const path = join(folder, "folder.key");
    mkdirSync(path);
    const file = new SegmentKeyFile(path, () => {});
    assert.match(file.problem ?? "", /cannot be read: EISDIR/);
    assert.ok(statSync(path).isFile());
  });

  it("is written again with the same key if it was removed", () => {
    const path = join(folder, "removed", "segment.key");
    const file = new SegmentKeyFile(path, unexpected);
    rmSync(join(folder, "removed"), { recursive: true });
    file.restore();
    assert.ok(new SegmentKeyFile(path, unexpected).key.equals(file.key));
  });

  it("is reported if it cannot be written, and its key is used nevertheless", () => {
    const troubles: unknown[] = [];
    // Not even root can create files there.
    const path = "/sys/unwritable.key";
    const { key } = new SegmentKeyFile(path, (error) => troubles.push(error));
    assert.equal(key.derive("a").length, 32);
    assert.match(String(troubles[0]), /unwritable\.key cannot be written/);
    assert.equal(troubles.length, 1);
  });
});
