import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Connection } from "../../model/api/connection.ts";
import type { Secret } from "../../model/api/schema/secret.ts";
import { KeyClaims } from "./key-claims.ts";
import { Secrets } from "./secrets.ts";

/** Connections as `id: [localId, remoteId, key]`, in the order in which they are declared. */
type Declared = Readonly<Record<string, readonly [string, string, string]>>;

const metadata = { name: "s", namespace: "default" };

/** The ids of those whose key is refused, after each declaration. */
function refused(...declarations: Declared[]): string[][] {
  const secrets = new Secrets();
  const claims = new KeyClaims(secrets);
  return declarations.map((declared) => {
    const keys = Object.entries(declared).map(([id, [, , key]]) => [id, key]);
    secrets.replace([{ metadata, stringData: Object.fromEntries(keys) } as unknown as Secret]);
    const connections = Object.entries(declared).map(
      ([id, [localId, remoteId]]) =>
        ({
          id,
          name: id,
          localId,
          remoteId,
          secretRef: { ...metadata, key: id },
        }) as unknown as Connection,
    );
    claims.update(connections);
    return connections.filter((c) => claims.failureOf(c) !== undefined).map(({ id }) => id);
  });
}

describe("a claim of a key", () => {
  for (const [what, a, b, conflicts] of [
    ["another remoteId", ["us", "a", "k1"], ["us", "b", "k2"], false],
    ["one remoteId", ["us", "a", "k1"], ["we", "A", "k2"], true],
    ["one remoteId and key", ["us", "a", "k1"], ["us", "a", "0sazE="], false],
    ["a remoteId that is any", ["us", "a", "k1"], ["us", "%any", "k2"], true],
    ["a remoteId with a wildcard", ["us", "a.org", "k1"], ["us", "*.org", "k2"], true],
    ["another's localId as remoteId", ["us", "a", "k1"], ["we", "us", "k2"], true],
    ["a localId that is another's remoteId", ["us", "a", "k1"], ["a", "b", "k2"], true],
    ["a localId that is any", ["us", "a", "k1"], ["%any", "b", "k2"], false],
    ["an address", ["us", "10.0.0.1", "k1"], ["us", "10.0.0.1", "k2"], true],
    ["another address", ["us", "10.0.0.1", "k1"], ["us", "10.0.0.2", "k2"], false],
    ["a network", ["us", "10.0.0.1", "k1"], ["us", "10.0.0.0/8", "k2"], true],
  ] as const) {
    it(`beside one with ${what} is ${conflicts ? "refused to the later" : "granted"}`, () => {
      const expected = conflicts ? ["b"] : [];
      assert.deepEqual(refused({ a, b })[0], expected);
      assert.deepEqual(refused({ a: b, b: a })[0], expected);
    });
  }

  it("stays with the connection that has it, regardless of the order of declaration", () => {
    const [a, b] = [["us", "x", "k1"] as const, ["us", "x", "k2"] as const];
    assert.deepEqual(refused({ b }, { a, b }, { a }, { b, a }), [[], ["a"], [], ["b"]]);
  });

  it("changes only together with all claims that it could be confused with", () => {
    const [old, next] = [["us", "x", "k1"] as const, ["us", "x", "k2"] as const];
    assert.deepEqual(
      refused(
        { a: old, b: old, c: old },
        { a: next, b: old, c: old },
        { a: next, b: next, c: old },
        { a: next, b: next, c: next },
      ),
      [[], ["a"], ["a", "b"], []],
    );
  });

  it("has one failure object while a conflict lasts, without the key", () => {
    const secrets = new Secrets();
    const claims = new KeyClaims(secrets);
    secrets.replace([{ metadata, stringData: { a: "planted-1", b: "planted-2" } } as never]);
    const connections = ["a", "b"].map(
      (id) =>
        ({
          id,
          localId: "us",
          remoteId: "x",
          secretRef: { ...metadata, key: id },
        }) as unknown as Connection,
    );
    const failures = [1, 2].map(() => {
      claims.update(connections);
      return claims.failureOf(connections[1] as Connection);
    });
    assert.equal(failures[0]?.reason, "SecretConflict");
    assert.equal(failures[0], failures[1]);
    assert.doesNotMatch(JSON.stringify(failures), /planted/);
  });
});
