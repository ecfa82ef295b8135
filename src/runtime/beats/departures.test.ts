import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subject } from "rxjs";
import { connectionOf } from "../../../test/models/fixtures.ts";
import type { Connection } from "../../model/api/connection.ts";
import { ownNode, ownPod, type OwnNode, type OwnPod } from "../../model/beats/departure.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { annotation, label } from "../../model/kubernetes/labels.ts";
import { Departures } from "./departures.ts";

const path = (name: string, nodeName: string) => ({ name, nodeName, groupRef: undefined });
const shared = connectionOf({ nodeName: "a", paths: [path("main", "a"), path("backup", "b")] });
const alone = connectionOf({ nodeName: "a" });
const [child] = shared.children;

const node = (unschedulable?: boolean) =>
  ownNode({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "a" },
    spec: unschedulable === undefined ? {} : { unschedulable },
  } as KubeObject);

function pod(type: string, isGoing: boolean, key = child?.key ?? "", id = shared.id): OwnPod {
  const annotations = { [annotation.connection]: id, [annotation.child]: key };
  return ownPod({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${type}-${isGoing}`,
      labels: { [label.type]: type },
      ...(type === "xfrm" && { annotations }),
      ...(isGoing && { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    },
  });
}

/** The departures of the group of node A. */
function situation() {
  const desired = new Subject<{ connections: ReadonlyMap<string, Connection> }>();
  const calls: string[] = [];
  const changes = new Subject<void>();
  const nodes = new Map<string, OwnNode>();
  const pods = new Map<string, OwnPod>();
  let leavesFor: (id: string) => boolean = () => false;
  const storeOf = <T extends KubeObject>(name: string, objects: Map<string, T>) => {
    calls.push(`watch ${name}`);
    return { objects, changes, [Symbol.dispose]: () => void calls.push(`end ${name}`) };
  };
  const departures = new Departures({
    groupId: "node:a",
    desired,
    watchNode: (name) => storeOf(`node ${name}`, nodes),
    watchPods: () => storeOf("pods", pods),
    beats: { leave: (leaves) => void (leavesFor = leaves) },
    report: (error) => assert.fail(String(error)),
  });
  const declare = (...connections: readonly Connection[]) =>
    desired.next({ connections: new Map(connections.map((one) => [one.id, one])) });
  const sees = (object: OwnNode | undefined, ...some: readonly OwnPod[]) => {
    nodes.clear();
    pods.clear();
    if (object !== undefined) nodes.set("a", object);
    for (const one of some) pods.set(one.metadata.name, one);
    changes.next();
    return leavesFor(shared.id);
  };
  return { departures, calls, declare, sees };
}

describe("the departures of a group", () => {
  it("watch node and pods only while a connection has paths elsewhere", () => {
    const { departures, calls, declare } = situation();
    declare(alone);
    assert.deepEqual(calls.splice(0), []);
    declare(shared);
    declare(shared);
    assert.deepEqual(calls.splice(0), ["watch node a", "watch pods"]);
    declare(alone);
    assert.deepEqual(calls.splice(0), ["end node a", "end pods"]);
    declare(shared);
    departures[Symbol.dispose]();
    assert.deepEqual(calls.splice(2), ["end node a", "end pods"]);
  });

  it("are reported while the node is cordoned", () => {
    const { declare, sees } = situation();
    declare(shared);
    assert.deepEqual(
      [undefined, node(), node(true), node(false)].map((one) => sees(one)),
      [false, false, true, false],
    );
  });

  it("are reported while charon or the gateway of a declared child is terminating", () => {
    const { declare, sees } = situation();
    declare(shared);
    assert.equal(sees(node(), pod("charon", false), pod("xfrm", false)), false);
    assert.equal(sees(node(), pod("charon", true), pod("charon", false)), true);
    assert.equal(sees(node(), pod("xfrm", true), pod("xfrm", false)), true);
    assert.equal(sees(node(), pod("xfrm", true, "removed")), false);
    assert.equal(sees(node(), pod("xfrm", true, child?.key, "other")), false);
    assert.equal(sees(node(), pod("xfrm", false)), false);
  });
});
