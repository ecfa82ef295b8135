import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionSpec } from "../../../lab/sites/manifests.ts";
import type { Resource } from "../../model/api/resource.ts";
import { messageFromConnection } from "../../model/charon/vici-message.ts";
import { pathConnections } from "../../model/api/path.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { desiredState, nothingDesired } from "./desired-state.ts";

function declared(name: string, changes: object = {}): Resource {
  const document = connectionSpec(name, {
    localAddr: "%any",
    failover: { floatingAddr: "192.168.1.5/24" },
    paths: [
      { name: "main", nodeName: "node-a" },
      { name: "backup", groupRef: { namespace: "vpn", name: "b" } },
    ],
    ...changes,
  });
  return { kind: "IPSecConnection", key: name, source: `${name}.yaml`, document };
}

function group(hostNetwork: boolean, nodes: object = { nodeName: "node-b" }): Resource {
  const document = {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { name: "b", namespace: "vpn" },
    spec: { hostNetwork, ...nodes },
  };
  return { kind: "CharonGroup", key: "vpn/b", source: "group.yaml", document };
}

function desired(...resources: Resource[]) {
  const state = desiredState(
    nothingDesired,
    { resources, problems: [] },
    { scope: "cluster", groupId: "node:node-a" },
  );
  const problems = [...state.problems].flatMap(([id, found]) =>
    found.map(({ path }) => `${id} ${path}`),
  );
  return { ...state, problems };
}

describe("a floating address", () => {
  it("is the local address of all paths, which are cold", () => {
    const { connections, problems } = desired(group(true), declared("one"));
    assert.deepEqual(problems, []);
    const connection = connections.get("one");
    assert.equal(
      connection?.floating && formatPrefix(connection.floating.prefix),
      "192.168.1.5/24",
    );
    const paths = connection?.paths.map(({ localAddr, standby }) => `${localAddr} ${standby}`);
    assert.deepEqual(paths, ["192.168.1.5 cold", "192.168.1.5 cold"]);
  });

  it("has charon end the former IKE SA at the peer, and move none", () => {
    const { connections } = desired(group(true), declared("one"));
    const [main] = pathConnections(connections.get("one") as never);
    const message = Object.values(messageFromConnection(main?.connection as never))[0];
    const { unique, mobike, local_addrs } = message as Record<string, unknown>;
    assert.deepEqual(
      { unique, mobike, local_addrs },
      {
        unique: "no",
        mobike: "no",
        local_addrs: ["192.168.1.5"],
      },
    );
  });

  it("is refused in a group whose charon is not on the network of its node", () => {
    const { problems } = desired(group(false), declared("one"));
    assert.deepEqual(problems, ["one spec.paths[1].groupRef"]);
  });

  it("moves between the nodes of a CharonGroup, also by the paths that the group makes", () => {
    const groupRef = { namespace: "vpn", name: "b" };
    const edge = group(true, { nodeNames: ["node-b", "node-c"] });
    const own = ["node-b", "node-c"].map((nodeName) => ({ name: nodeName, groupRef, nodeName }));
    for (const paths of [undefined, own]) {
      const { connections, problems } = desired(edge, declared("one", { groupRef, paths }));
      assert.deepEqual(problems, []);
      const found = connections.get("one")?.paths;
      assert.deepEqual(
        found?.map(({ localAddr, standby }) => `${localAddr} ${standby}`),
        ["192.168.1.5 cold", "192.168.1.5 cold"],
      );
    }
  });

  it("is refused in a CharonGroup with one node, and by any node of a group with its own network", () => {
    const groupRef = { namespace: "vpn", name: "b" };
    const alone = desired(group(true), declared("one", { groupRef, paths: undefined }));
    assert.deepEqual(alone.problems, ["one spec.failover.floatingAddr"]);
    const paths = [
      { name: "main", nodeName: "node-a" },
      { name: "backup", groupRef, nodeName: "node-c" },
    ];
    const apart = group(false, { nodeNames: ["node-b", "node-c"] });
    const { problems } = desired(apart, declared("one", { paths }));
    assert.deepEqual(problems, ["one spec.paths[1].groupRef"]);
  });

  it("is that of one connection", () => {
    const two = declared("two", {
      name: "two",
      children: {
        net: { ...(declared("two").document as never as Spec).spec.children["child-2"], if_id: 7 },
      },
      failover: { floatingAddr: "192.168.1.5/16" },
    });
    const { problems } = desired(group(true), declared("one"), two);
    assert.deepEqual(problems, ["two spec.failover.floatingAddr"]);
  });
});

interface Spec {
  readonly spec: { readonly children: Readonly<Record<string, object>> };
}
