import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  groupIdOf,
  groupIdsOf,
  mainNodeOf,
  nodesOfGroup,
  type GroupManifest,
} from "../api/group.ts";
import { pathNameOn, pathsOfGroup, placedManifest, type GroupManifests } from "./group-paths.ts";
import { labelValueProblem } from "../api/names.ts";

const groupRef = { namespace: "vpn", name: "edge" };

function groups(spec: object, mainNode?: string): GroupManifests {
  return new Map([["vpn/edge", { spec, ...(mainNode !== undefined && { status: { mainNode } }) }]]);
}

/** The paths that a group makes, as `NAME on NODE by ID`. */
function made(nodeNames: readonly string[], mainNode?: string): string[] {
  const paths = pathsOfGroup({ groupRef }, groups({ nodeNames }, mainNode));
  return paths.map((path) => `${path.name} on ${path.nodeName} by ${groupIdOf(path)}`);
}

describe("the paths of a CharonGroup with several nodes", () => {
  it("are one on each node, of which the first is the main path of the group itself", () => {
    assert.deepEqual(made(["a", "b.example"]), [
      "main on a by vpn/edge",
      "b.example on b.example by vpn/edge@b.example",
    ]);
  });

  it("keep their names and their groups in another order, and when a node is removed or added", () => {
    const [a, b, c] = ["main on a by vpn/edge", "b on b by vpn/edge@b", "c on c by vpn/edge@c"];
    assert.deepEqual(made(["c", "b", "a"], "a"), [c, b, a]);
    assert.deepEqual(made(["b", "c"], "a"), [b, c]);
    assert.deepEqual(made(["b", "c", "a"], "a"), [b, c, a]);
  });

  it("are none for one node, unless it is another one than the group began with", () => {
    const alone = (mainNode?: string) =>
      pathsOfGroup({ groupRef }, groups({ nodeName: "b" }, mainNode)).map(({ name }) => name);
    assert.deepEqual(alone(), []);
    assert.deepEqual(alone("b"), []);
    assert.deepEqual(alone("a"), ["b"]);
  });

  it("are none for a connection that declares paths, or that names a node or another group", () => {
    const both = groups({ nodeNames: ["a", "b"] });
    assert.deepEqual(pathsOfGroup({ groupRef, paths: [{ name: "x" }] }, both), []);
    assert.deepEqual(pathsOfGroup({ nodeName: "a" }, both), []);
    assert.deepEqual(pathsOfGroup({ groupRef: { ...groupRef, name: "other" } }, both), []);
  });

  it("have valid names that differ for any names of nodes", () => {
    const long = `${"n".repeat(29)}.${"x".repeat(60)}`;
    const nodes = ["a", "main", long, `${long}y`, "b-1.example"];
    const names = nodesOfGroup({ spec: { nodeNames: nodes } }).map(pathNameOn);
    assert.equal(new Set(names).size, nodes.length, names.join());
    for (const name of names) {
      assert.equal(labelValueProblem(name), undefined);
      assert.ok(name.length <= 40, name);
    }
    assert.deepEqual([names[0], names[4]], ["main", "b-1.example"]);
    assert.match(names[2] ?? "", /^n{29}\.x-[0-9a-f]{8}$/);
  });
});

describe("the nodes of a CharonGroup", () => {
  it("are read from a manifest that the API server may not have checked", () => {
    const namesOf = (group: GroupManifest) => nodesOfGroup(group).map(({ nodeName }) => nodeName);
    assert.deepEqual(namesOf({}), []);
    assert.deepEqual(namesOf({ spec: { nodeNames: ["a", "a", 1, "", null] } }), ["a"]);
    assert.deepEqual(namesOf({ spec: { nodeName: {}, nodeNames: "a" } }), []);
    assert.equal(
      namesOf({ spec: { nodeNames: Array.from({ length: 20 }, (_, i) => `n${i}`) } }).length,
      8,
    );
    assert.equal(mainNodeOf({ spec: { nodeName: "a" }, status: { mainNode: 3 } }), "a");
  });
});

describe("a path that names a CharonGroup", () => {
  const both = groups({ nodeNames: ["a", "b"] });
  const placed = (paths: readonly object[], known: GroupManifests = both) => {
    const named = paths.map((path, i) => ({ name: `p${i}`, ...path }));
    return placedManifest({ groupRef, paths: named }, known);
  };

  it("is on the node of it that it names", () => {
    const paths = placed([
      { groupRef, nodeName: "b" },
      { groupRef, nodeName: "a" },
    ]);
    assert.deepEqual(groupIdsOf(paths), ["vpn/edge", "vpn/edge@b"]);
    assert.deepEqual(
      paths.paths.map(({ nodeName }) => nodeName),
      ["b", "a"],
    );
  });

  it("is on the node that the group has, by its present or a former manifest", () => {
    const alone = groups({ nodeName: "b" });
    assert.deepEqual(groupIdsOf(placed([{ groupRef }], alone)), ["vpn/edge"]);
    const left = groups({ nodeName: "b" }, "a");
    assert.deepEqual(groupIdsOf(placed([{ groupRef }], left)), ["vpn/edge@b"]);
    assert.deepEqual(groupIdsOf(placed([{ groupRef, nodeName: "c" }], new Map())), ["vpn/edge@c"]);
  });
});
