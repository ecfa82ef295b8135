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

describe("names that came before", () => {
  it("are found by their bytes, wherever those are", () => {
    const names = new Names();
    keep(names, "bytes-in");
    assert.equal(names.find(Buffer.from("..bytes-in.."), 2, 8), "bytes-in");
    assert.equal(found(names, Buffer.from("bytes-out")), undefined);
  });

  it("are never taken for others that share their place", () => {
    const names = new Names();
    for (let n = 0; n < 5_000; n++) {
      keep(names, `name-${n}`);
      const other = found(names, Buffer.from(`name-${n}`));
      assert.ok(other === undefined || other === `name-${n}`);
    }
  });

  it("are never taken for those whose bytes are their characters", () => {
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
