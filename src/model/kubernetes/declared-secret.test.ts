import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredGroup, declaredSecret } from "./declared-secret.ts";
import type { KubeObject } from "./kube-object.ts";

const manifest = (spec: unknown, metadata: object = {}): KubeObject =>
  ({
    apiVersion: "ipman.dialo.ai/v1",
    kind: "IPSecConnection",
    metadata: { name: "c", ...metadata },
    spec,
  }) as unknown as KubeObject;

describe("the Secret that a manifest names", () => {
  it("is found even if the manifest has other problems", () => {
    const secretRef = { namespace: "default", name: "keys", key: 1 };
    assert.deepEqual(declaredSecret(manifest({ secretRef })), {
      namespace: "default",
      name: "keys",
    });
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
    it(`is undefined for the secretRef ${JSON.stringify(secretRef)}`, () => {
      assert.equal(declaredSecret(manifest({ secretRef })), undefined);
    });

  it("is undefined without a spec", () => {
    assert.equal(declaredSecret(manifest(undefined)), undefined);
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
