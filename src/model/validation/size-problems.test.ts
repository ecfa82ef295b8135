import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { child, manifest, type Children } from "./manifests.fixture.ts";
import { IPSecConnection } from "../api/schema/ipsec-connection.ts";
import { sizeProblems } from "./size-problems.ts";

/** A value that fails the test when its contents are read. */
function untouchable(): never {
  return new Proxy({}, { get: unexpected, ownKeys: unexpected, has: unexpected }) as never;
}

function unexpected(): never {
  throw new Error("the contents of a value that is too large were read");
}

describe("the sizes of a manifest", () => {
  it("are accepted within the limits of its schema", () => {
    assert.deepEqual(sizeProblems(IPSecConnection, manifest()), []);
    for (const nothing of [null, undefined, 7, "text", []])
      assert.deepEqual(sizeProblems(IPSecConnection, nothing), []);
  });

  it("are refused before the contents of a value that is too large are read", () => {
    const cr = manifest();
    (cr.spec.children as Children) = Object.fromEntries(
      Array.from({ length: 4_000 }, (_, i) => [`c${i}`, untouchable()]),
    ) as Children;
    assert.deepEqual(sizeProblems(IPSecConnection, cr), [
      { path: "spec.children", message: "has 4000 entries: at most 64 are allowed" },
    ]);
  });

  it("are refused in lists, and in objects with many unknown fields", () => {
    const cr = manifest();
    child(cr).local_ips = Array.from({ length: 100_000 }, untouchable);
    const unknown = Array.from({ length: 5_000 }, (_, i) => [`x${i}`, untouchable()]);
    Object.assign(cr, Object.fromEntries(unknown));
    assert.deepEqual(
      sizeProblems(IPSecConnection, cr).map(({ path }) => path),
      [""],
    );
    for (const [name] of unknown) delete (cr as Record<string, unknown>)[name as string];
    assert.deepEqual(sizeProblems(IPSecConnection, cr), [
      {
        path: "spec.children.example-child.local_ips",
        message: "has 100000 items: at most 64 are allowed",
      },
    ]);
  });
});
