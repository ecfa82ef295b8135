import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Resource, Snapshot } from "../../model/api/resource.ts";
import type { Child } from "../../model/api/connection.ts";
import { outsideOf } from "../../model/network/tunnel-routes.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { desiredState, nothingDesired } from "./desired-state.ts";

interface Changes {
  readonly name?: string;
  readonly ifId?: number;
  readonly remoteAddr?: string;
  readonly remoteIps?: string[];
  readonly place?: object;
}

function connection(id: string, changes: Changes = {}): Resource {
  const { name = id, ifId = 7, remoteAddr = "192.0.2.2", remoteIps = [], place } = changes;
  const document = {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "IPSecConnection",
    metadata: { name: id },
    spec: {
      ...place,
      name,
      remoteAddr,
      localAddr: "",
      localId: "a",
      remoteId: "b",
      secretRef: { name: "s", namespace: "default", key: "k" },
      children: {
        net: {
          name: "net",
          remote_ips: remoteIps,
          xfrm_ip: "10.0.2.1/24",
          vxlan_ip: "10.0.2.2/24",
          if_id: ifId,
          ip_pools: {},
        },
      },
    },
  };
  return { kind: "IPSecConnection", key: id, source: `${id}.yaml`, document };
}

const snapshot = (...resources: Resource[]): Snapshot => ({ resources, problems: [] });
const found = (state: ReturnType<typeof desiredState>) =>
  [...state.problems].flatMap(([id, problems]) => problems.map(({ path }) => `${id} ${path}`));

describe("the desired state", () => {
  it("names the networks that a child's routes have to leave out", () => {
    const remote = connection("a", { remoteIps: ["10.0.0.0/8"] });
    const place = { outside: [parsePrefix("10.64.0.0/10") as Prefix] };
    const one = desiredState(nothingDesired, snapshot(remote), place);
    const [child] = one.connections.get("a")?.children ?? [];
    assert.deepEqual(outsideOf(child as Child).map(formatPrefix), ["10.64.0.0/10"]);
    const two = desiredState(one, snapshot(remote, connection("b", { ifId: 8 })), place);
    assert.equal(two.connections.get("a"), one.connections.get("a"));
  });

  it("keeps the last valid version of a manifest that is invalid now", () => {
    const good = desiredState(nothingDesired, snapshot(connection("a")));
    const bad = desiredState(good, snapshot(connection("a", { remoteAddr: "?" })));
    assert.equal(bad.connections.get("a"), good.connections.get("a"));
    assert.deepEqual(found(bad), ["a spec.remoteAddr"]);
  });

  it("keeps the same object for an unchanged connection", () => {
    const one = desiredState(nothingDesired, snapshot(connection("a")));
    const two = desiredState(one, snapshot(connection("a"), connection("b", { ifId: 8 })));
    assert.equal(two.connections.get("a"), one.connections.get("a"));
    assert.deepEqual([...two.connections.keys()], ["a", "b"]);
  });

  it("removes a connection whose manifest was removed", () => {
    const one = desiredState(nothingDesired, snapshot(connection("a")));
    assert.equal(desiredState(one, snapshot()).connections.size, 0);
  });

  it("removes no connection while a file cannot be read", () => {
    const one = desiredState(nothingDesired, snapshot(connection("a")));
    const broken = {
      resources: [],
      problems: [{ source: "a.yaml", path: "", message: "not YAML" }],
    };
    assert.equal(desiredState(one, broken).connections.size, 1);
  });

  it("refuses names and if_ids that another connection has", () => {
    const both = snapshot(connection("a"), connection("b", { name: "a" }));
    assert.deepEqual(found(desiredState(nothingDesired, both)), [
      "b spec.name",
      "b spec.children.net.if_id",
    ]);
  });

  it("uses the first of two manifests for one connection, and reports the second", () => {
    const state = desiredState(
      nothingDesired,
      snapshot(connection("a"), connection("a", { ifId: 9 })),
    );
    assert.equal(state.connections.get("a")?.children[0]?.ifId, 7);
    assert.deepEqual(found(state), ["a metadata.name"]);
  });

  const secretOf = (document: object): Resource => ({
    kind: "Secret",
    key: "default/s",
    source: "s.yaml",
    document: { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, ...document },
  });

  it("keeps the last valid version of a Secret, and reports nothing of its value", () => {
    const before = desiredState(nothingDesired, snapshot(secretOf({ stringData: { k: "good" } })));
    const after = desiredState(before, snapshot(secretOf({ data: { k: "p@ssword" } })));
    assert.deepEqual(after.secrets, before.secrets);
    assert.deepEqual(found(after), [" data.k"]);
    assert.doesNotMatch(JSON.stringify([...after.problems]), /p@ssword/);
    const unreadable = { source: "s.yaml", path: "", message: "not valid YAML" };
    const gone = desiredState(before, { resources: [], problems: [unreadable] });
    assert.deepEqual(gone.secrets, before.secrets);
    assert.deepEqual(desiredState(before, snapshot()).secrets, []);
  });

  it("assigns the device of its group to a connection", () => {
    const group = (spec: object): Resource => ({
      kind: "CharonGroup",
      key: "default/g",
      source: "g.yaml",
      document: {
        apiVersion: "ipman.dialo.ai/v1",
        kind: "CharonGroup",
        metadata: { name: "g" },
        spec: { hostNetwork: true, nodeName: "n", ...spec },
      },
    });
    const one = connection("a");
    const { spec } = one.document as { spec: object };
    Object.assign(spec, { groupRef: { name: "g", namespace: "default" } });
    const named = desiredState(nothingDesired, snapshot(one, group({ interfaceName: "eth1" })));
    assert.equal(named.connections.get("a")?.interfaceName, "eth1");
    const wrong = desiredState(named, snapshot(one, group({ interfaceName: "a/b" })));
    assert.deepEqual(found(wrong), [" spec.interfaceName"]);
    assert.equal(wrong.connections.get("a")?.interfaceName, "eth1");
  });
});

describe("the desired state of paths on several nodes", () => {
  const groupRef = { namespace: "vpn", name: "main" };
  const charonGroup = (nodeName: string, interfaceName?: string): Resource => {
    const spec = { hostNetwork: true, nodeName, ...(interfaceName && { interfaceName }) };
    const metadata = groupRef;
    const document = { apiVersion: "ipman.dialo.ai/v1", kind: "CharonGroup", metadata, spec };
    return { kind: "CharonGroup", key: "vpn/main", source: "group.yaml", document };
  };
  const paths = [{ name: "main" }, { name: "b", groupRef }, { name: "c", nodeName: "c" }];
  const inCluster = (groupId: string | undefined, place: object, ...others: Resource[]) =>
    desiredState(nothingDesired, snapshot(connection("a", { place }), ...others), {
      scope: "cluster",
      groupId,
    });

  it("has the node and the interface of each path's group, and the paths that are here", () => {
    const place = { nodeName: "a", paths };
    const read = (groupId?: string) =>
      inCluster(groupId, place, charonGroup("b", "eth1")).connections.get("a");
    const operators = read();
    assert.deepEqual(
      operators?.paths.map(({ nodeName, interfaceName }) => [nodeName, interfaceName]),
      [
        ["a", undefined],
        ["b", "eth1"],
        ["c", undefined],
      ],
    );
    assert.equal(operators.here, undefined);
    const agents = read("vpn/main");
    assert.deepEqual(agents?.here, ["b"]);
    assert.equal(agents.interfaceName, "eth1");
    assert.deepEqual(read("node:c")?.here, ["c"]);
    assert.equal(read("node:c")?.interfaceName, undefined);
  });

  it("says nothing about the agent if all paths are in its group", () => {
    const here = paths.slice(1, 2);
    const agents = inCluster("vpn/main", { nodeName: "a", paths: here }, charonGroup("b", "eth1"));
    assert.equal(agents.connections.get("a")?.here, undefined);
    assert.equal(agents.connections.get("a")?.interfaceName, "eth1");
  });

  it("follows the node of a group, and keeps the connection otherwise", () => {
    const manifest = connection("a", { place: { nodeName: "a", paths } });
    const place = { scope: "cluster", groupId: "node:a" } as const;
    const one = desiredState(nothingDesired, snapshot(manifest, charonGroup("b")), place);
    const two = desiredState(one, snapshot(manifest, charonGroup("b")), place);
    assert.equal(two.connections.get("a"), one.connections.get("a"));
    const three = desiredState(two, snapshot(manifest, charonGroup("d")), place);
    assert.equal(three.connections.get("a")?.paths[1]?.nodeName, "d");
  });

  it("needs a node for each path", () => {
    const placed = paths.slice(1);
    assert.deepEqual(found(inCluster(undefined, { paths: placed }, charonGroup("b"))), []);
    assert.deepEqual(found(inCluster(undefined, { paths })), ["a spec.paths[0].nodeName"]);
    assert.deepEqual(found(inCluster(undefined, {})), ["a spec.nodeName"]);
    const alone = { paths: [{ name: "main" }] };
    assert.deepEqual(found(inCluster(undefined, alone)), ["a spec.nodeName"]);
  });

  it("checks names and if_ids on each node", () => {
    const place = { nodeName: "a", paths: [{ name: "main" }, { name: "b", nodeName: "b" }] };
    const other = connection("b", { name: "a", place: { nodeName: "b" } });
    assert.deepEqual(found(inCluster(undefined, place, other)), [
      "b spec.name",
      "b spec.children.net.if_id",
    ]);
    const apart = connection("b", { name: "a", place: { nodeName: "c" } });
    assert.deepEqual(found(inCluster(undefined, place, apart)), []);
  });

  it("is refused on a host", () => {
    const read = (place: object) =>
      found(desiredState(nothingDesired, snapshot(connection("a", { place }))));
    const others = paths.map((path, i) => ({ ...path, remoteAddr: `192.0.2.${i + 1}` }));
    assert.deepEqual(read({ nodeName: "a", paths: others }), [
      "a spec.paths[1].groupRef",
      "a spec.paths[2].nodeName",
    ]);
    const together = others.map((path) => ({ ...path, groupRef }));
    assert.deepEqual(read({ paths: together.slice(0, 2) }), []);
  });
});
