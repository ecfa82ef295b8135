import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { groupsFromCr, type Group } from "../../src/model/api/group.ts";
import type { CharonGroup as GroupManifest } from "../../src/model/api/schema/charon-group.ts";
import { agentAccountOf } from "../../src/model/kubernetes/agent-access.ts";
import { agentDeployment } from "../../src/model/kubernetes/deployments.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { groupLabels, label } from "../../src/model/kubernetes/labels.ts";
import { desiredState, nothingDesired } from "../../src/runtime/desired/desired-state.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { home, Installation, settings } from "../simulator/installation.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { charonGroup, groupRef, GroupOperator } from "./group-nodes-harness.ts";

const { CharonGroup, Deployment, IPSecConnection, Pod } = resourceTypes;
const one = { nodeName: "node-a" };
const two = { nodeNames: ["node-a", "node-b"] };
const declared = (changes: object = {}) =>
  connectionSpec("site", { nodeName: undefined, groupRef, localAddr: "%any", ...changes });

const groupsOf = (spec: object) => groupsFromCr(charonGroup(spec) as unknown as GroupManifest);

describe("a CharonGroup that gets a second node", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  const deployed = ({ api }: Installation) =>
    new Map(api.all(Deployment).map(({ metadata, ...rest }) => [metadata.name, rest]));

  it("keeps the Deployments of the first, and grants both agents the Secret", async () => {
    using cluster = new Installation();
    cluster.api.put(CharonGroup, charonGroup(one));
    cluster.declare("c1", "", "default/one", { nodeName: undefined, groupRef });
    cluster.lead();
    await pass(6_000);
    const alone = deployed(cluster);
    assert.deepEqual(
      [...alone.keys()].map((name) => name.replace(/-[0-9a-f]{8}$/, "")).toSorted(),
      ["agent-vpn-edge", "charon-vpn-edge", "gateway-c1-child-3"],
    );
    cluster.api.put(CharonGroup, charonGroup(two));
    await pass(12_000);
    const both = deployed(cluster);
    for (const [name, object] of alone) assert.deepEqual(both.get(name), object, name);
    const added = [...both.keys()].filter((name) => !alone.has(name)).toSorted();
    assert.deepEqual(
      added.map((name) => name.replace(/-[0-9a-f]{8}$/, "")),
      ["agent-vpn-edge-node-b", "charon-vpn-edge-node-b", "gateway-c1-child-3-vpn-edge-node-b"],
    );
    const nodeOf = (name = "") =>
      /"values":\["(node-.)"\]/.exec(JSON.stringify(both.get(name)))?.[1];
    assert.deepEqual(added.map(nodeOf), ["node-b", "node-b", "node-b"]);
    for (const group of groupsOf(two))
      assert.deepEqual(cluster.readableBy(agentAccountOf(group)), ["default/one"], group.id);
    cluster.api.put(CharonGroup, charonGroup(one));
    await pass(60_000);
    assert.deepEqual(deployed(cluster), alone);
  });

  it("keeps the SAs of the first without an exchange, and those of a path in another order", async () => {
    const manifests = (spec: object, mainNode?: string) =>
      [
        secret({ site: psk }),
        charonGroup(spec, mainNode === undefined ? {} : { status: { mainNode } }),
        declared(),
      ].map((object) => resourceOf(object as KubeObject));
    const place = { scope: "cluster", groupId: "vpn/edge" } as const;
    await using world = new World(manifests(one), {}, { place });
    await world.start();
    await pass(3_000);
    const shown = () => statusOf(world.supervisor).connections[0];
    assert.equal(shown()?.state, "established");
    const asked = () => ["initiate", "terminate"].map((command) => world.charon.asked.get(command));
    const before = asked();
    for (const spec of [two, { nodeNames: ["node-b", "node-a"] }, two, one]) {
      world.declare(manifests(spec, "node-a"));
      await pass(200);
      world.supervisor.roots.get("site")?.send({ type: "peers.known" });
      await pass(5_000);
      assert.equal(shown()?.state, "established", JSON.stringify(spec));
    }
    assert.deepEqual(asked(), before);
  });
});

describe("the agent of a further node of a CharonGroup", () => {
  it("is started for that node, with names of its own", () => {
    const [a, b] = groupsOf(two).map((group) => agentDeployment(group, settings)) as [
      KubeObject,
      KubeObject,
    ];
    const argumentsOf = (object: KubeObject) =>
      /"--group","([^"]+)"/.exec(JSON.stringify(object))?.[1];
    assert.deepEqual([a, b].map(argumentsOf), ["vpn/edge", "vpn/edge@node-b"]);
    const [alone] = groupsOf(one) as [Group];
    assert.deepEqual(a, agentDeployment(alone, settings));
    assert.notEqual(a.metadata.labels?.[label.groupId], b.metadata.labels?.[label.groupId]);
    assert.equal(b.metadata.labels?.[label.group], "edge");
  });
});

describe("a connection of a CharonGroup with several nodes", () => {
  const resources = (spec: object, changes: object = {}) => [
    resourceOf(charonGroup(spec) as KubeObject),
    resourceOf(declared(changes)),
  ];
  const stateOf = (spec: object, changes: object = {}, scope: "cluster" | "host" = "cluster") =>
    desiredState(nothingDesired, { resources: resources(spec, changes), problems: [] }, { scope });
  const problemsOf = (spec: object, changes: object = {}) =>
    (stateOf(spec, changes).problems.get("site") ?? []).map(
      (one_) => `${one_.path}: ${one_.message}`,
    );

  it("has a cold path on each, with the values of the connection", () => {
    const connection = stateOf(two).connections.get("site");
    assert.deepEqual(
      connection?.paths.map(({ name, nodeName, standby, localId }) => [
        name,
        nodeName,
        standby,
        localId,
      ]),
      [
        ["main", "node-a", "cold", "node.site"],
        ["node-b", "node-b", "cold", "node.site"],
      ],
    );
    assert.deepEqual(stateOf(two, { failover: { failback: "never" } }).problems, new Map());
  });

  it("has one path on a host, and in a group with one node", () => {
    assert.deepEqual(stateOf(two, {}, "host").connections.get("site")?.paths, []);
    assert.deepEqual(stateOf(one).connections.get("site")?.paths, []);
  });

  it("may declare paths on its nodes", () => {
    const paths = [
      { name: "main", groupRef, nodeName: "node-b", localId: "b.example" },
      { name: "other", groupRef, nodeName: "node-a", localId: "a.example" },
    ];
    const connection = stateOf(two, { paths }).connections.get("site");
    assert.deepEqual(
      connection?.paths.map((path) => [path.name, path.groupRef?.node, path.standby]),
      [
        ["main", "node-b", "warm"],
        ["other", undefined, "warm"],
      ],
    );
  });

  it("is refused if a path does not choose a node, or one that the group does not have", () => {
    const paths = [{ name: "main" }, { name: "b", groupRef, nodeName: "node-c" }];
    const [first, second, ...more] = problemsOf(two, { paths });
    assert.deepEqual(more, []);
    assert.match(
      first ?? "",
      /^spec\.paths\[0\]\.nodeName: is required, .* node-a, node-b; or remove/,
    );
    const mixed = [{ name: "main" }, { name: "b", groupRef, nodeName: "node-a" }];
    assert.match(
      problemsOf(one, { paths: mixed }).join(),
      /^spec\.paths\[1\]\.nodeName: another path/,
    );
    assert.match(
      second ?? "",
      /^spec\.paths\[1\]\.nodeName: "node-c" is not a node of .* vpn\/edge/,
    );
  });

  it("is refused without a single host as its peer", () => {
    const onlyPeer = { remoteAddr: "%any" };
    assert.match(
      problemsOf(two, onlyPeer).join(),
      /^spec\.remoteAddr: "%any" is not a single host/,
    );
    assert.deepEqual(problemsOf(one, onlyPeer), []);
  });
});

describe("a CharonGroup with several nodes", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** The pods of charon and agent of a group. */
  function run(api: KubeApi, group: Group, ready: boolean): void {
    for (const type of ["charon", "agent"] as const) {
      const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
      const metadata = {
        name: `${type}-${group.nodeName}`,
        namespace: home,
        labels: groupLabels(group, type),
      };
      const status = { phase: "Running", conditions };
      api.put(Pod, { apiVersion: "v1", kind: "Pod", metadata, status } as KubeObject);
    }
  }

  it("reports the nodes that lack charon or agent", async () => {
    using operator = new GroupOperator(new KubeApi(() => 1));
    operator.declare(two);
    const [a, b] = groupsOf(two) as [Group, Group];
    run(operator.api, a, true);
    run(operator.api, b, false);
    await pass(3_000);
    const { mainNode, nodes, nodesReady, conditions } = operator.group.status ?? {};
    assert.equal(mainNode, "node-a");
    assert.equal(nodesReady, "1/2");
    const [first, second] = nodes as { node: string; ready: boolean; message?: string }[];
    assert.deepEqual(first, { node: "node-a", ready: true });
    assert.equal(second?.message, "the pod of the group's charon is starting");
    const ready = (conditions as { type: string; message: string }[]).find(
      ({ type }) => type === "Ready",
    );
    assert.match(ready?.message ?? "", /node-b: the pod of the group's charon/);
    run(operator.api, b, true);
    await pass(3_000);
    assert.equal(operator.group.status?.["nodesReady"], "2/2");
    assert.deepEqual(operator.troubles, []);
  });

  it("keeps the node that it began with in its status, in any order and alone", async () => {
    using operator = new GroupOperator(new KubeApi(() => 1));
    operator.declare(one);
    await pass(3_000);
    assert.equal(operator.group.status?.["mainNode"], undefined);
    const turned = { nodeNames: ["node-b", "node-a"] };
    assert.match(await operator.refusal(turned), /^spec\.nodeNames\[0\]: .* begin with node-a/);
    assert.equal(await operator.refusal(two), "");
    operator.declare(two);
    await pass(3_000);
    assert.equal(await operator.refusal(turned), "");
    for (const spec of [turned, { nodeName: "node-b" }, turned]) {
      operator.declare(spec);
      await pass(3_000);
      assert.equal(operator.group.status?.["nodes"] === undefined, "nodeName" in spec);
      assert.equal(operator.group.status?.["mainNode"], "node-a");
    }
    assert.equal(operator.group.status?.["nodesReady"], "0/2");
  });

  it("is refused with a Service, with both fields, without a node, and with one node twice", async () => {
    using operator = new GroupOperator(new KubeApi(() => 1));
    operator.declare(one);
    await pass(3_000);
    const cases: [object, RegExp][] = [
      [
        { ...two, frontendServiceType: "ClusterIP" },
        /^spec\.frontendServiceType: a Service leads to one charon/,
      ],
      [{ ...one, ...two }, /^spec\.nodeNames: nodeName and nodeNames are both set/],
      [{}, /^spec\.nodeName: is required, or nodeNames is/],
      [
        { nodeNames: ["node-a", "node-a"] },
        /^spec\.nodeNames\[1\]: "node-a" is also nodeNames\[0\]/,
      ],
      [{ nodeNames: ["node-a", "Node"] }, /^spec\.nodeNames\[1\]: "Node" is not a Kubernetes name/],
    ];
    for (const [spec, words] of cases) assert.match(await operator.refusal(spec), words);
  });

  it("is refused while it makes a connection invalid, or needs the network of another charon", async () => {
    using operator = new GroupOperator(new KubeApi(() => 1));
    operator.declare(one);
    operator.api.put(IPSecConnection, declared({ remoteAddr: "%any" }) as KubeObject);
    const onB = connectionSpec("other", { nodeName: "node-b" });
    await pass(3_000);
    assert.match(
      await operator.refusal(two),
      /^spec\.nodeNames: the change makes an IPSecConnection invalid, site: spec\.remoteAddr/,
    );
    operator.api.put(IPSecConnection, declared() as KubeObject);
    operator.api.put(IPSecConnection, onB as KubeObject);
    await pass(3_000);
    assert.match(
      await operator.refusal(two),
      /^spec\.nodeNames\[1\]: the network of node-b already has/,
    );
  });
});
