import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { label } from "../../src/model/kubernetes/labels.ts";
import { mostWaitMs, settleMs } from "../../src/runtime/operator/deployments/charon-rollout.ts";
import { Installation } from "../simulator/installation.ts";
import { pass } from "../simulator/two-replicas.ts";
import { charonGroup, groupRef } from "./group-nodes-harness.ts";

const { CharonGroup, Deployment, IPSecConnection } = resourceTypes;
const nodes = ["node-a", "node-b"] as const;
type Node = (typeof nodes)[number];

/** A cluster with a connection on two nodes, whose Deployments become available when the test says so. */
class Rollout implements Disposable {
  readonly cluster = new Installation();
  /** Nodes whose pods do not start. */
  readonly broken = new Set<Node>();
  /** Nodes whose agents do not run. */
  readonly agentless = new Set<Node>();

  async start(paths?: readonly object[]): Promise<void> {
    this.declare("1");
    this.cluster.declare("c1", "", "default/one", {
      nodeName: undefined,
      groupRef,
      ...(paths && { paths }),
    });
    this.cluster.lead();
    await this.pass(12_000);
    this.report("main");
    await this.pass(1_000);
  }

  /** Declares an annotation of charon's pods, so that every charon is to be replaced. */
  declare(version: string): void {
    const charonExtraAnnotations = { "example.org/version": version };
    this.cluster.api.put(
      CharonGroup,
      charonGroup({ nodeNames: [...nodes], charonExtraAnnotations }),
    );
  }

  /** Reports the active path, and the states of paths, as agents do. */
  report(activePath: string, states: Readonly<Record<string, string>> = {}): void {
    const [connection] = this.cluster.api.all(IPSecConnection);
    const paths = Object.entries(states).map(([name, state]) => ({ name, state }));
    this.cluster.api.put(IPSecConnection, {
      ...connection,
      status: { activePath, paths },
    } as KubeObject);
  }

  /** Passes time, in which the controller of Deployments works each second. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await pass(1_000);
      for (const object of this.cluster.api.all(Deployment)) this.#control(object);
    }
  }

  /** The versions of the charons on both nodes. */
  get versions(): string[] {
    return nodes.map((node) => {
      const found = this.#charons.find((object) => nodeOf(object) === node);
      return /"example.org\/version":"(\d)"/.exec(JSON.stringify(found))?.[1] ?? "none";
    });
  }

  [Symbol.dispose](): void {
    this.cluster[Symbol.dispose]();
  }

  get #charons(): KubeObject[] {
    const { api } = this.cluster;
    return api.all(Deployment).filter(({ metadata }) => metadata.labels?.[label.type] === "charon");
  }

  #control(object: KubeObject): void {
    const isAgent = object.metadata.labels?.[label.type] === "agent";
    const lacking = isAgent ? this.agentless : this.broken;
    const count = lacking.has(nodeOf(object)) ? 0 : 1;
    const { generation = 0 } = object.metadata;
    const status = {
      observedGeneration: generation,
      updatedReplicas: count,
      availableReplicas: count,
    };
    const { status: before } = object as { status?: object };
    if (JSON.stringify(before) === JSON.stringify(status)) return;
    this.cluster.api.put(Deployment, { ...object, status } as KubeObject);
  }
}

function nodeOf(object: KubeObject): Node {
  return /"values":\["(node-.)"\]/.exec(JSON.stringify(object))?.[1] as Node;
}

describe("another charon on the nodes of a connection", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("replaces that of the standby first, and that of the active path once the standby runs", async () => {
    using rollout = new Rollout();
    await rollout.start();
    assert.deepEqual(rollout.versions, ["1", "1"]);
    rollout.declare("2");
    await rollout.pass(2_000);
    assert.deepEqual(rollout.versions, ["1", "2"]);
    await rollout.pass(settleMs + 4_000);
    assert.deepEqual(rollout.versions, ["2", "2"]);
    rollout.report("node-b");
    rollout.declare("3");
    await rollout.pass(2_000);
    assert.deepEqual(rollout.versions, ["3", "2"]);
    await rollout.pass(settleMs + 4_000);
    assert.deepEqual(rollout.versions, ["3", "3"]);
  });

  it("waits until the path of the standby is up again, unless it is cold", async () => {
    using rollout = new Rollout();
    await rollout.start([
      { name: "main", groupRef, nodeName: "node-a" },
      { name: "warm", groupRef, nodeName: "node-b", localId: "b.example" },
    ]);
    rollout.declare("2");
    rollout.report("main", { main: "established", warm: "negotiating" });
    await rollout.pass(60_000);
    assert.deepEqual(rollout.versions, ["1", "2"]);
    rollout.report("main", { main: "established", warm: "established" });
    await rollout.pass(settleMs + 2_000);
    assert.deepEqual(rollout.versions, ["2", "2"]);
  });

  it("waits for the agents, which move the traffic", async () => {
    using rollout = new Rollout();
    await rollout.start();
    rollout.agentless.add("node-a");
    await rollout.pass(1_000);
    rollout.declare("2");
    await rollout.pass(60_000);
    assert.deepEqual(rollout.versions, ["1", "1"]);
    rollout.agentless.clear();
    await rollout.pass(2 * settleMs + 8_000);
    assert.deepEqual(rollout.versions, ["2", "2"]);
  });

  it("does not wait for ever for a node that is broken, and not for another leader", async () => {
    using rollout = new Rollout();
    await rollout.start();
    rollout.broken.add("node-b");
    rollout.declare("2");
    await rollout.pass(mostWaitMs / 2);
    assert.deepEqual(rollout.versions, ["1", "2"]);
    rollout.cluster.lead();
    await rollout.pass(mostWaitMs - 10_000);
    assert.deepEqual(rollout.versions, ["1", "2"]);
    await rollout.pass(30_000);
    assert.deepEqual(rollout.versions, ["2", "2"]);
  });

  it("does not wait for ever for a path that comes up again and again", async () => {
    using rollout = new Rollout();
    await rollout.start([
      { name: "main", groupRef, nodeName: "node-a" },
      { name: "warm", groupRef, nodeName: "node-b", localId: "b.example" },
    ]);
    rollout.declare("2");
    for (let passed = 0; passed <= mostWaitMs; passed += 6_000) {
      rollout.report("main", { main: "established", warm: "negotiating" });
      await rollout.pass(3_000);
      rollout.report("main", { main: "established", warm: "established" });
      await rollout.pass(3_000);
    }
    await rollout.pass(1_000);
    assert.deepEqual(rollout.versions, ["2", "2"]);
  });

  it("replaces all at once that have no connection in common", async () => {
    using rollout = new Rollout();
    await rollout.start([{ name: "main", groupRef, nodeName: "node-a" }]);
    rollout.declare("2");
    await rollout.pass(2_000);
    assert.deepEqual(rollout.versions, ["2", "2"]);
  });
});
