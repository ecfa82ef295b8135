import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredGroups, declaredSecrets } from "./declared-secret.ts";
import type { KubeObject } from "./kube-object.ts";

const manifest = (spec: unknown, metadata: object = {}): KubeObject =>
  ({
    apiVersion: "ipman.dialo.ai/v1",
    kind: "IPSecConnection",
    metadata: { name: "c", ...metadata },
    spec,
  }) as unknown as KubeObject;

describe("the Secrets that a manifest names", () => {
  it("are found even if the manifest has other problems", () => {
    const secretRef = { namespace: "default", name: "keys", key: 1 };
    assert.deepEqual(declaredSecrets(manifest({ secretRef })), [
      { namespace: "default", name: "keys" },
    ]);
  });

  it("are those of the connection and of its paths, each once", () => {
    const [ours, theirs] = ["keys", "more"].map((name) => ({ namespace: "default", name }));
    const paths = [{ secretRef: theirs }, null, { secretRef: ours }, 7, { secretRef: theirs }];
    assert.deepEqual(declaredSecrets(manifest({ secretRef: ours, paths })), [ours, theirs]);
    assert.deepEqual(declaredSecrets(manifest({ paths: "paths" })), []);
  });

  it("are those of the paths of one group if paths are in several", () => {
    const [ours, theirs] = ["keys", "more"].map((name) => ({ namespace: "default", name }));
    const paths = [{ secretRef: theirs }, { nodeName: "b" }];
    const divided = manifest({ nodeName: "a", secretRef: ours, paths });
    assert.deepEqual(declaredSecrets(divided, "node:a"), [theirs]);
    assert.deepEqual(declaredSecrets(divided, "node:b"), [ours]);
    assert.deepEqual(declaredSecrets(divided, "node:c"), []);
    const together = manifest({ nodeName: "a", secretRef: ours, paths: paths.slice(0, 1) });
    assert.deepEqual(declaredSecrets(together, "node:a"), [ours, theirs]);
  });

  for (const secretRef of [
    undefined,
    null,
    "keys",
    {},
    { name: "keys" },
    { namespace: "default" },
    ...["", "*", "a/b", "../x", "A", 1].map((name) => ({ namespace: "default", name })),
    ...["", "*", "../kube-system"].map((namespace) => ({ namespace, name: "keys" })),
  ])
    it(`are none for the secretRef ${JSON.stringify(secretRef)}`, () => {
      assert.deepEqual(declaredSecrets(manifest({ secretRef })), []);
    });

  it("are none without a spec", () => {
    assert.deepEqual(declaredSecrets(manifest(undefined)), []);
  });
});

describe("the group that a manifest names", () => {
  it("is the CharonGroup or that of the node, until it is being deleted", () => {
    const groupRef = { namespace: "n", name: "g" };
    assert.deepEqual(declaredGroups(manifest({ groupRef })), ["n/g"]);
    assert.deepEqual(declaredGroups(manifest({ nodeName: "a" })), ["node:a"]);
    assert.deepEqual(declaredGroups(manifest({})), []);
    const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
    assert.deepEqual(declaredGroups(manifest({ groupRef }, going)), []);
  });

  it("is that of each path as well", () => {
    const paths = [{ nodeName: "b" }, {}, { groupRef: { namespace: "n", name: "g" } }, null];
    assert.deepEqual(declaredGroups(manifest({ nodeName: "a", paths })), [
      "node:a",
      "node:b",
      "n/g",
    ]);
    assert.deepEqual(declaredGroups(manifest({ paths: paths.slice(0, 1) })), ["node:b"]);
    assert.deepEqual(declaredGroups(manifest({ nodeName: "a", paths: "paths" })), ["node:a"]);
  });
});
