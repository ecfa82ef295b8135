import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { groupIdOf, groupIdOfPath, groupIdsOf, groupsOf, nameFor } from "./group.ts";

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

  it("are those of every path of a connection, its own one first", () => {
    const [a, b] = ["node-a", "node-b"].map((nodeName) => ({ nodeName }));
    const groupRef = { namespace: "vpn", name: "main" };
    const connection = {
      ...a,
      paths: [
        { name: "one", ...b },
        { name: "two", groupRef },
        { name: "three" },
        { name: "four", ...b },
      ],
    };
    assert.deepEqual(groupIdsOf(connection), ["node:node-a", "node:node-b", "vpn/main"]);
    assert.equal(groupIdOfPath(connection, "one"), "node:node-b");
    assert.equal(groupIdOfPath(connection, "three"), "node:node-a");
    assert.deepEqual([...groupsOf([], [connection]).keys()], ["node:node-b", "node:node-a"]);
    const moved = { ...a, paths: connection.paths.slice(0, 2) };
    assert.deepEqual(groupIdsOf(moved), ["node:node-b", "vpn/main"]);
    assert.deepEqual(groupIdsOf({}), []);
  });

  it("is undefined for a connection without nodeName and groupRef", () => {
    assert.equal(groupIdOf({ groupRef: undefined, nodeName: undefined }), undefined);
  });
});
