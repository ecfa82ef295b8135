import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subject } from "rxjs";
import { connectionOf } from "../../../test/models/fixtures.ts";
import type { Connection } from "../../model/api/connection.ts";
import { digestOf } from "../../model/api/group.ts";
import { agentPod, type AgentPod } from "../../model/beats/agent-pod.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { label } from "../../model/kubernetes/labels.ts";
import { PeerPods } from "./peer-pods.ts";
import { Peers } from "./peers.ts";

const path = (name: string, nodeName: string) => ({ name, nodeName, groupRef: undefined });
const shared = (other: string) =>
  connectionOf({ nodeName: "a", paths: [path("main", "a"), path("backup", other)] });
const alone = connectionOf({ nodeName: "a" });

function agentOf(node: string, podIP: string): AgentPod {
  const labels = { [label.type]: "agent", [label.groupId]: digestOf([`node:${node}`]) };
  const pod = { metadata: { name: podIP, labels }, status: { podIP } };
  return agentPod({ apiVersion: "v1", kind: "Pod", ...pod } as unknown as KubeObject);
}

/** The peers of an agent on node A, with the calls that they lead to. */
function situation() {
  const desired = new Subject<{ connections: ReadonlyMap<string, Connection> }>();
  const calls: string[] = [];
  const errors: unknown[] = [];
  const stores: { objects: Map<string, AgentPod>; changes: Subject<void>; isClosed: boolean }[] =
    [];
  const pods = new PeerPods((selector) => {
    calls.push(`watch ${selector}`);
    const store = {
      objects: new Map<string, AgentPod>(),
      changes: new Subject<void>(),
      isClosed: false,
    };
    stores.push(store);
    return { ...store, synced: true, [Symbol.dispose]: () => void (store.isClosed = true) };
  });
  const peers = new Peers({
    groupId: "node:a",
    desired,
    pods,
    exchange: {
      setPeers: (found) => {
        const texts = [...found].map(([group, { agent }]) => `${group} ${agent.length}`);
        calls.push(`peers ${texts.join()}`);
      },
    },
    beats: { declare: (connections) => calls.push(`declare ${connections.size}`) },
    report: (error) => errors.push(error),
  });
  const declare = (...connections: readonly Connection[]) =>
    desired.next({ connections: new Map(connections.map((one) => [one.id, one])) });
  const taken = () => calls.splice(0);
  return { peers, pods, stores, declare, taken, errors };
}

const selectorOf = (node: string) =>
  `ipman.dialo.ai/type in (agent,xfrm),ipman.dialo.ai/groupId in (${digestOf([`node:${node}`])})`;

describe("the peers of an agent", () => {
  it("are none, and no pods are watched, while its connections have paths here alone", () => {
    const { declare, taken, errors } = situation();
    declare(alone);
    assert.deepEqual(taken(), ["peers ", "declare 1"]);
    assert.deepEqual(errors, []);
  });

  it("are the groups of its connections, known to the exchange before the reports for them", () => {
    const { declare, taken, stores } = situation();
    declare(shared("b"));
    assert.deepEqual(taken(), [`watch ${selectorOf("b")}`, "peers node:b 0", "declare 1"]);
    stores[0]?.objects.set("agent", agentOf("b", "10.0.0.2"));
    stores[0]?.changes.next();
    assert.deepEqual(taken(), ["peers node:b 1"]);
  });

  it("keep their watch while the groups stay the same, and end it with the last group", () => {
    const { declare, taken, stores } = situation();
    declare(shared("b"));
    taken();
    declare(shared("b"), { ...alone, id: "other" });
    assert.deepEqual(taken(), ["peers node:b 0", "declare 2"]);
    declare(shared("c"));
    assert.equal(stores[0]?.isClosed, true);
    assert.deepEqual(taken()[0], `watch ${selectorOf("c")}`);
    declare(alone);
    assert.deepEqual([stores[1]?.isClosed, taken()], [true, ["peers ", "declare 1"]]);
  });

  it("keep their addresses while the watch for other groups has yet to be synced", () => {
    const { declare, taken, stores } = situation();
    declare(shared("b"));
    stores[0]?.objects.set("agent", agentOf("b", "10.0.0.2"));
    stores[0]?.changes.next();
    taken();
    declare(shared("b"), { ...shared("c"), id: "other" });
    assert.deepEqual(taken().slice(1), ["peers node:b 1,node:c 0", "declare 2"]);
  });

  it("end with the process", () => {
    const { peers, pods, stores, declare, taken } = situation();
    declare(shared("b"));
    peers[Symbol.dispose]();
    pods[Symbol.dispose]();
    taken();
    declare(alone);
    assert.deepEqual([taken(), stores[0]?.isClosed], [[], true]);
  });
});
