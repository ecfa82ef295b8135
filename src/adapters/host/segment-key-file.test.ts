import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { segmentKeyFrom } from "./segment-key-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ipman-key-"));
const unexpected = (error: unknown) => assert.fail(String(error));

describe("the file of a host's segment key", () => {
  after(() => rmSync(folder, { recursive: true }));

  it("is created once, readable by its owner only", () => {
    const path = join(folder, "state", "segment.key");
    const key = segmentKeyFrom(path, unexpected);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(folder, "state")), ["segment.key"]);
    assert.ok(segmentKeyFrom(path, unexpected).equals(key));
    assert.ok(!segmentKeyFrom(join(folder, "other.key"), unexpected).equals(key));
  });

  it("is refused with its name if it contains no key", () => {
    const path = join(folder, "broken.key");
    writeFileSync(path, "AAAA");
    assert.throws(
      () => segmentKeyFrom(path, unexpected),
      /broken\.key is not the base64 of 32 bytes; delete it/,
    );
    assert.throws(() => segmentKeyFrom(folder, unexpected), /cannot be read: EISDIR/);
  });

  it("is reported if it cannot be written, and its key is used nevertheless", () => {
    const troubles: unknown[] = [];
    // Not even root can create files there.
    const path = "/sys/unwritable.key";
    const key = segmentKeyFrom(path, (error) => troubles.push(error));
    assert.equal(key.derive("a").length, 32);
    assert.match(String(troubles[0]), /unwritable\.key cannot be written/);
    assert.equal(troubles.length, 1);
  });
});
