import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredGroup, declaredSecrets } from "./declared-secret.ts";
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
    assert.equal(declaredGroup(manifest({ groupRef })), "n/g");
    assert.equal(declaredGroup(manifest({ nodeName: "a" })), "node:a");
    assert.equal(declaredGroup(manifest({})), undefined);
    const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
    assert.equal(declaredGroup(manifest({ groupRef }, going)), undefined);
  });
});
