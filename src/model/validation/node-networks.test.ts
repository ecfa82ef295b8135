import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { groupsOf } from "../api/group.ts";
import { refusedGroups } from "./node-networks.ts";
import type { CharonGroup } from "../api/schema/charon-group.ts";

function group(name: string, nodeName: string, hostNetwork = true): CharonGroup {
  return {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { name, namespace: "vpn" },
    spec: { hostNetwork, nodeName },
  };
}

const groupRef = { namespace: "vpn", name: "a" };

/** Of groups, and connections by their place, the oldest first. */
function refusals(...declared: (CharonGroup | { nodeName: string } | { groupRef: object })[]) {
  const groups = declared.filter((one) => "kind" in one);
  const connections = new Map(
    declared
      .map((one, i) => [`connection-${i}`, one] as const)
      .filter(([, one]) => !("kind" in one))
      .map(([id, place]) => [id, { ...connectionOf(place), id }]),
  );
  const resources = declared.map((document, i) =>
    "kind" in document
      ? { kind: "CharonGroup" as const, key: `vpn/${document.metadata.name}`, source: "", document }
      : { kind: "IPSecConnection" as const, key: `connection-${i}`, source: "", document },
  );
  return refusedGroups(groupsOf(groups, connections.values()), resources, connections);
}

describe("the network of a node", () => {
  it("is the older group's, and the younger one says whose", () => {
    const refused = refusals(group("a", "node-a"), group("b", "node-a"));
    assert.deepEqual([...refused.keys()], ["vpn/b"]);
    assert.equal(refused.get("vpn/b")?.reason, "NodeOccupied");
    assert.match(
      refused.get("vpn/b")?.message ?? "",
      /node-a .* CharonGroup vpn\/a, .*hostNetwork/,
    );
  });

  it("is the node's own charon's where a connection names the node first", () => {
    const refused = refusals({ nodeName: "node-a" }, group("a", "node-a"), { nodeName: "node-a" });
    assert.deepEqual([...refused.keys()], ["vpn/a"]);
    assert.match(refused.get("vpn/a")?.message ?? "", /connections with nodeName node-a/);
  });

  it("is a group's where it is older than the connection that names the node", () => {
    const refused = refusals(group("a", "node-a"), { nodeName: "node-a" });
    assert.deepEqual([...refused.keys()], ["node:node-a"]);
    assert.match(
      refused.get("node:node-a")?.message ?? "",
      /set groupRef to that CharonGroup instead of nodeName/,
    );
  });

  it("has room for one group, its connections, and any on the network of pods", () => {
    const pods = group("b", "node-a", false);
    const refused = refusals({ groupRef }, pods, group("a", "node-a"), group("c", "node-b"));
    assert.equal(refused.size, 0);
  });
});
