import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { impliedGroup, nameFor, type Group } from "../../src/model/api/group.ts";
import { agentAccountOf } from "../../src/model/kubernetes/agent-access.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, groupLabels, label } from "../../src/model/kubernetes/labels.ts";
import { asking, gateway, Replica } from "../simulator/admitting.ts";
import { Installation } from "../simulator/installation.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { checkSharedStatus } from "../simulator/status-contract.ts";
import { pass } from "../simulator/two-replicas.ts";

const { Deployment, IPSecConnection, Pod } = resourceTypes;
const [groupA, groupB] = ["node-a", "node-b"].map(impliedGroup) as [Group, Group];
const paths = [{ name: "main" }, { name: "backup", nodeName: "node-b" }];

describe("a connection with paths on two nodes", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** The gateways and charons, each with its node. */
  const deployed = ({ api }: Installation) =>
    api
      .all(Deployment)
      .filter(({ metadata }) => metadata.labels?.[label.type] !== "agent")
      .map(({ metadata: { name, labels } }) => `${name} on ${labels?.[label.group]}`)
      .toSorted();

  it("has a gateway on each, and the first one stays when the second node is added", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.lead();
    await pass(6_000);
    const alone = deployed(cluster);
    const gatewayName = nameFor("gateway", "c1", "child-3");
    assert.ok(alone.includes(`${gatewayName} on node-a`), alone.join());
    assert.equal(alone.length, 2);
    cluster.declare("c1", "node-a", "default/one", { paths });
    await pass(12_000);
    const both = deployed(cluster);
    assert.equal(both.length, 4);
    assert.deepEqual(
      alone.filter((name) => !both.includes(name)),
      [],
    );
    const added = both.filter((name) => !alone.includes(name)).join();
    assert.match(added, /charon-node-node-b-\w+ on node-b/);
    assert.match(added, /gateway-c1-child-3-node-node-b-\w+ on node-b/);
    cluster.declare("c1", "node-a", "default/one");
    await pass(60_000);
    assert.deepEqual(deployed(cluster), alone);
  });

  it("keeps its gateways while other fields name the same nodes, and after a node is given up", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one", { paths });
    cluster.lead();
    await pass(6_000);
    const both = deployed(cluster);
    const [main, backup] = [
      { name: "main", nodeName: "node-a" },
      { name: "backup", nodeName: "node-b" },
    ];
    for (const changes of [
      { nodeName: undefined, paths: [main, backup] },
      { nodeName: "node-b", paths: [main, { name: "backup" }] },
      { nodeName: "node-c", paths: [backup, main] },
    ]) {
      cluster.declare("c1", "node-a", "default/one", changes);
      await pass(20_000);
      assert.deepEqual(deployed(cluster), both);
    }
    cluster.lead();
    await pass(6_000);
    assert.deepEqual(deployed(cluster), both, "another operator leads");
    cluster.declare("c1", "node-b", "default/one");
    await pass(60_000);
    const onB = both.filter((name) => name.endsWith("on node-b"));
    assert.deepEqual(deployed(cluster), onB);
    cluster.declare("c1", "node-c", "default/one");
    await pass(60_000);
    const moved = deployed(cluster);
    assert.ok(moved.includes(`${nameFor("gateway", "c1", "child-3")} on node-c`), moved.join());
    assert.equal(moved.length, 2);
  });

  it("grants each agent the Secrets of its own paths", async () => {
    using cluster = new Installation();
    const secretRef = { namespace: "tenant", name: "two", key: "k" };
    const own = [paths[0], { ...paths[1], secretRef }] as object[];
    cluster.declare("c1", "node-a", "default/one", { paths: own });
    cluster.lead();
    await pass(6_000);
    assert.deepEqual(cluster.readableBy(agentAccountOf(groupA)), ["default/one"]);
    assert.deepEqual(cluster.readableBy(agentAccountOf(groupB)), ["tenant/two"]);
  });
});

it("the simulated API server lets agents and operator share a status", async () => {
  await checkSharedStatus(new KubeApi(() => 0).client());
});

/** A gateway pod of a group. */
function gatewayOf(group: Group, podIP: string): KubeObject {
  const labels = groupLabels(group, "xfrm");
  const metadata = { ...gateway.metadata, name: `gateway-${group.name}`, labels };
  return { ...gateway, metadata, status: { phase: "Running", podIP } } as KubeObject;
}

describe("a worker of a connection with paths on two nodes", () => {
  before(() => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    mock.method(performance, "now", () => Date.now());
  });
  after(() => {
    mock.reset();
    mock.timers.reset();
  });

  const net = childSpec(2, { name: "net" });
  const declared = connectionSpec("partner", { children: { net }, nodeName: "node-a", paths });

  /** The gateway that a new pod gets, or why it is denied. */
  async function givenBy(replica: Replica, name: string): Promise<string> {
    const admitted = replica.admit(asking(name));
    await pass(6_000);
    const verdict = await admitted;
    if ("denied" in verdict) return verdict.denied;
    return verdict.pod.metadata.annotations?.[annotation.xfrmUnderlyingIp] ?? "";
  }

  it("gets the gateway of the active path, and waits for no other", async () => {
    const api = new KubeApi(() => 1);
    const status = (activePath?: string) =>
      api.put(IPSecConnection, { ...declared, status: { activePath } } as KubeObject);
    status();
    api.put(Pod, gatewayOf(groupB, "10.244.2.1"));
    using replica = new Replica(api, true);
    await pass(2_000);
    assert.match(await givenBy(replica, "one"), /the gateway of partner\/net is not running yet/);
    const waiting = replica.admit(asking("waits"));
    await pass(1_000);
    status("backup");
    await pass(500);
    assert.ok("pod" in (await Promise.race([waiting, Promise.resolve({ denied: "it waits" })])));
    assert.equal(await givenBy(replica, "two"), "10.244.2.1");
    api.put(Pod, gatewayOf(groupA, "10.244.1.1"));
    status("removed");
    await pass(100);
    assert.equal(await givenBy(replica, "three"), "10.244.1.1");
  });
});
