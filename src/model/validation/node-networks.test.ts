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

/** The refusals for groups and connections, the oldest first. */
function refusals(
  ...declared: (CharonGroup | { nodeName: string; paths?: object[] } | { groupRef: object })[]
) {
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
  it("belongs to the older group, and the refusal of the younger one names it", () => {
    const refused = refusals(group("a", "node-a"), group("b", "node-a"));
    assert.deepEqual([...refused.keys()], ["vpn/b"]);
    assert.equal(refused.get("vpn/b")?.reason, "NodeOccupied");
    assert.match(
      refused.get("vpn/b")?.message ?? "",
      /node-a .* CharonGroup vpn\/a, .*hostNetwork/,
    );
  });

  it("belongs to the implicit group if a connection named the node first", () => {
    const refused = refusals({ nodeName: "node-a" }, group("a", "node-a"), { nodeName: "node-a" });
    assert.deepEqual([...refused.keys()], ["vpn/a"]);
    assert.match(refused.get("vpn/a")?.message ?? "", /connections with nodeName node-a/);
  });

  it("belongs to the implicit group if a path named the node first", () => {
    const paths = [{ name: "main" }, { name: "backup", nodeName: "node-a" }];
    const refused = refusals({ nodeName: "node-b", paths }, group("a", "node-a"));
    assert.deepEqual([...refused.keys()], ["vpn/a"]);
  });

  it("belongs to a CharonGroup that is older than the connection with the nodeName", () => {
    const refused = refusals(group("a", "node-a"), { nodeName: "node-a" });
    assert.deepEqual([...refused.keys()], ["node:node-a"]);
    assert.match(
      refused.get("node:node-a")?.message ?? "",
      /set groupRef to that CharonGroup instead of nodeName/,
    );
  });

  it("is shared by one group, its connections and groups on the pod network", () => {
    const pods = group("b", "node-a", false);
    const refused = refusals({ groupRef }, pods, group("a", "node-a"), group("c", "node-b"));
    assert.equal(refused.size, 0);
  });
});
