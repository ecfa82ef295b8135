import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { groupIdOf, groupsOf, nameFor } from "./group.ts";

describe("nameFor", () => {
  it("returns different names for parts that are equal when they are joined", () => {
    assert.notEqual(nameFor("charon", "a-b", "c"), nameFor("charon", "a", "b-c"));
  });

  it("returns names that are valid for pods and labels", () => {
    const name = nameFor("gateway", "Partner.Example_COM".repeat(20), "lan");
    assert.match(name, /^[a-z][a-z0-9-]{0,51}$/);
    assert.match(nameFor("gateway", "partner", "lan"), /^gateway-partner-lan-[0-9a-f]{8}$/);
  });
});

describe("groups", () => {
  const group = {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { name: "main", namespace: "vpn" },
    spec: { hostNetwork: false, nodeName: "node-b", charonExtraAnnotations: { a: "b" } },
  } as const;

  it("are the declared ones and the implicit ones of nodeNames", () => {
    const groups = groupsOf(
      [group],
      [
        { groupRef: undefined, nodeName: "node-a" },
        { groupRef: { namespace: "vpn", name: "main" }, nodeName: "node-b" },
        { groupRef: { namespace: "vpn", name: "missing" }, nodeName: undefined },
      ],
    );
    assert.deepEqual([...groups.keys()], ["vpn/main", "node:node-a"]);
    assert.equal(groups.get("node:node-a")?.hostNetwork, true);
    assert.deepEqual(groups.get("vpn/main")?.annotations, { a: "b" });
  });

  it("is undefined for a connection without nodeName and groupRef", () => {
    assert.equal(groupIdOf({ groupRef: undefined, nodeName: undefined }), undefined);
  });
});
