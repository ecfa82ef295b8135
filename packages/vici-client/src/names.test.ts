import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Names } from "./names.ts";

function keep(names: Names, name: string): void {
  const bytes = Buffer.from(name);
  names.keep(bytes, 0, bytes.length, name);
}

function found(names: Names, bytes: Uint8Array): string | undefined {
  return names.find(bytes, 0, bytes.length);
}

describe("known names", () => {
  it("are found by their bytes at any offset", () => {
    const names = new Names();
    keep(names, "bytes-in");
    assert.equal(names.find(Buffer.from("..bytes-in.."), 2, 8), "bytes-in");
    assert.equal(found(names, Buffer.from("bytes-out")), undefined);
  });

  it("are not confused with names in the same slot", () => {
    const names = new Names();
    for (let n = 0; n < 5_000; n++) {
      keep(names, `name-${n}`);
      const other = found(names, Buffer.from(`name-${n}`));
      assert.ok(other === undefined || other === `name-${n}`);
    }
  });

  it("are not confused with names whose bytes equal their characters", () => {
    for (let first = 0xc2; first <= 0xdf; first++) {
      for (let second = 0x80; second <= 0xbf; second++) {
        const names = new Names();
        const bytes = Buffer.of(first, second);
        keep(names, bytes.toString("latin1"));
        assert.equal(found(names, bytes), undefined);
      }
    }
  });
});
