import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import { KubeError } from "../../src/adapters/kubernetes/client/kube-error.ts";
import { NamedSecrets } from "../../src/adapters/kubernetes/named-secrets.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { agentAccountOf } from "../../src/model/kubernetes/agent-access.ts";
import { impliedGroup } from "../../src/model/api/group.ts";
import type { Snapshot } from "../../src/model/api/resource.ts";
import { agentDeployment } from "../../src/model/kubernetes/deployments.ts";
import { agentDesired } from "../../src/runtime/agent/agent-desired.ts";
import { Installation, home, settings, type Grant } from "../simulator/installation.ts";
import { pass } from "../simulator/two-replicas.ts";

const { Role, RoleBinding, ClusterRoleBinding, ServiceAccount, Deployment } = resourceTypes;
const [groupA, groupB] = [impliedGroup("node-a"), impliedGroup("node-b")];
const [accountA, accountB] = [agentAccountOf(groupA), agentAccountOf(groupB)];

describe("the rights of an agent", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("include the Secrets that its own connections name, and no others", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.declare("c2", "node-a", "tenant/two");
    cluster.declare("c3", "node-b", "default/three");
    cluster.declare("c4", "node-b", "elsewhere/four");
    cluster.lead();
    await pass(6_000);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one", "tenant/two"]);
    assert.deepEqual(cluster.readableBy(accountB), ["default/three"]);
    assert.deepEqual(cluster.names(ServiceAccount, home), [accountA, accountB]);
    assert.deepEqual(cluster.bound, [accountA, accountB]);
    assert.deepEqual(cluster.agents, { "node-a": accountA, "node-b": accountB });
    assert.deepEqual(cluster.troubles, []);
    const verbs = (cluster.api.all(Role) as Grant[]).flatMap(({ rules = [] }) => rules);
    assert.ok(verbs.every((rule) => rule.verbs.join() === "get,watch"));
  });

  it("follow its connections: the Roles are deleted with the last one", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.declare("c2", "node-b", "default/two");
    cluster.lead();
    await pass(6_000);
    cluster.declare("c3", "node-a", "default/three");
    await pass(500);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one", "default/three"]);
    cluster.declare("c3", "node-b", "default/three");
    await pass(500);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one"]);
    assert.deepEqual(cluster.readableBy(accountB), ["default/three", "default/two"]);
    cluster.declare("c1", "node-a", "tenant/one");
    await pass(500);
    assert.deepEqual(cluster.readableBy(accountA), ["tenant/one"]);
    assert.deepEqual(cluster.names(Role, "default"), [accountB]);
    assert.deepEqual(cluster.names(RoleBinding, "default"), [accountB]);
  });

  it("are deleted with its group, and the common rights are deleted last", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.declare("c2", "node-b", "default/two");
    cluster.lead();
    await pass(6_000);
    cluster.api.remove(resourceTypes.IPSecConnection, { name: "c1" });
    await pass(5_000);
    assert.deepEqual(cluster.readableBy(accountA), []);
    assert.deepEqual(cluster.bound, [accountA, accountB], "it still reports the end of its SAs");
    await pass(40_000);
    assert.deepEqual(cluster.agents, { "node-b": accountB });
    assert.deepEqual(cluster.names(ServiceAccount), [accountB]);
    assert.deepEqual(cluster.bound, [accountB]);
    assert.deepEqual(cluster.names(Role), [accountB]);
  });

  it("are owned by the operator's Role in the namespace, and do not exist without it", async () => {
    using cluster = new Installation();
    cluster.api.remove(Role, { namespace: "tenant", name: "ipman-operator-secrets" });
    cluster.declare("c1", "node-a", "default/one");
    cluster.declare("c2", "node-a", "tenant/two");
    cluster.lead();
    await pass(6_000);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one"]);
    for (const type of [Role, RoleBinding]) {
      const made = cluster.api.all(type).find(({ metadata }) => metadata.name === accountA);
      const [reference] = made?.metadata.ownerReferences ?? [];
      const [own] = cluster.api.all(Role);
      assert.deepEqual([reference?.kind, reference?.uid], ["Role", own?.metadata.uid]);
    }
    cluster.put(Role, { name: "ipman-operator-secrets", namespace: "tenant" });
    await pass(60_000);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one", "tenant/two"]);
  });

  it("are repaired if another program changes them", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.lead();
    await pass(6_000);
    const metadata = { name: accountA, namespace: "default" };
    cluster.api.remove(RoleBinding, metadata);
    const made = cluster.api.all(Role).find(({ metadata: { name } }) => name === accountA);
    cluster.put(Role, made?.metadata ?? metadata, { rules: [] });
    cluster.put(ClusterRoleBinding, { name: "ipman-agents" }, { subjects: [] });
    await pass(5_000);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one"]);
    assert.deepEqual(cluster.bound, [accountA]);
  });

  it("are not granted for a text that would permit more than one Secret", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    for (const [i, name] of ["", "*", ".."].entries())
      cluster.declare(`c${i + 2}`, "node-a", `default/${name}`);
    cluster.lead();
    await pass(6_000);
    assert.deepEqual(cluster.readableBy(accountA), ["default/one"]);
  });
});

describe("an agent's service account", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** The agent of an earlier version, in which all agents shared one account. */
  const agentBefore = agentDeployment(groupA, { ...settings, agentAccount: () => "ipman-agent" });

  it("exists with its rights before the agent that uses it", async () => {
    using cluster = new Installation();
    cluster.api.put(Deployment, agentBefore);
    cluster.declare("c1", "node-a", "default/one");
    cluster.denies = (verb, type) => verb === "patch" && type.kind === "ClusterRoleBinding";
    cluster.lead();
    await pass(60_000);
    assert.deepEqual(cluster.agents, { "node-a": "ipman-agent" }, "the previous agent continues");
    const { reason, message } = cluster.access.failureOf(groupA) ?? {};
    assert.equal(reason, "PodsUnavailable");
    assert.match(message ?? "", /service account cannot be created: patch ClusterRoleBinding/);
    assert.ok(cluster.troubles.some((error) => error instanceof KubeError));
    cluster.denies = () => false;
    await pass(60_000);
    assert.deepEqual(cluster.agents, { "node-a": accountA });
    assert.deepEqual(cluster.readableBy(accountA), ["default/one"]);
    assert.equal(cluster.access.failureOf(groupA), undefined);
  });

  it("is created again if another program deletes it, and its agent keeps running meanwhile", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.lead();
    await pass(6_000);
    cluster.denies = (verb, type) => verb === "patch" && type.kind === "ServiceAccount";
    cluster.api.remove(ServiceAccount, { namespace: home, name: accountA });
    await pass(60_000);
    assert.deepEqual(cluster.names(ServiceAccount, home), []);
    assert.deepEqual(cluster.agents, { "node-a": accountA });
    cluster.denies = () => false;
    await pass(60_000);
    assert.deepEqual(cluster.names(ServiceAccount, home), [accountA]);
    assert.deepEqual(cluster.agents, { "node-a": accountA });
  });

  it("is not written again when the operator restarts", async () => {
    using cluster = new Installation();
    cluster.declare("c1", "node-a", "default/one");
    cluster.lead();
    await pass(6_000);
    const written = cluster.api.written.length;
    cluster.lead();
    await pass(6_000);
    assert.deepEqual(cluster.api.written.slice(written), []);
    assert.deepEqual(cluster.agents, { "node-a": accountA });
  });
});

describe("an agent that reads Secrets", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** The desired state of an agent of node-a. */
  function agent(cluster: Installation, parts: DisposableStack): Snapshot[] {
    const client = cluster.api.client(undefined, cluster.deniedTo(accountA));
    const declared = parts.use(new Declared(client, {}));
    const secrets = parts.use(new NamedSecrets(client));
    const seen: Snapshot[] = [];
    const desired = agentDesired(declared, secrets, groupA.id);
    const subscription = desired.subscribe((snapshot) => void seen.push(snapshot));
    parts.defer(() => subscription.unsubscribe());
    return seen;
  }
  const secretsIn = (snapshot: Snapshot | undefined) =>
    (snapshot?.resources ?? []).filter(({ kind }) => kind === "Secret").map(({ key }) => key);

  it("waits for the rights to be granted, and does not report them as missing meanwhile", async () => {
    using cluster = new Installation();
    using parts = new DisposableStack();
    for (const name of ["one", "two"])
      cluster.put(resourceTypes.Secret, { name, namespace: "default" });
    cluster.declare("c1", "node-a", "default/one");
    cluster.lead();
    await pass(6_000);
    const seen = agent(cluster, parts);
    await pass(1_000);
    assert.deepEqual(secretsIn(seen.at(-1)), ["default/one"]);
    cluster.declare("c2", "node-a", "default/two");
    await pass(2_000);
    assert.deepEqual(secretsIn(seen.at(-1)), ["default/one", "default/two"]);
    assert.ok(seen.every(({ unreadable }) => unreadable?.size === 0));
  });

  it("reports each Secret that it may not read with the remedy, and reads it once it may", async () => {
    using cluster = new Installation();
    using parts = new DisposableStack();
    for (const namespace of ["default", "elsewhere"])
      cluster.put(resourceTypes.Secret, { name: "one", namespace });
    cluster.declare("c1", "node-a", "default/one");
    cluster.declare("c2", "node-a", "elsewhere/one");
    cluster.lead();
    await pass(6_000);
    const seen = agent(cluster, parts);
    await pass(10_000);
    assert.deepEqual(secretsIn(seen.at(-1)), ["default/one"]);
    const why = seen.at(-1)?.unreadable?.get("elsewhere/one") ?? "";
    assert.match(why, /Secret elsewhere\/one: add elsewhere to the chart's secretNamespaces/);
    cluster.put(Role, { name: "ipman-operator-secrets", namespace: "elsewhere" });
    cluster.lead(["default", "elsewhere"]);
    await pass(30_000);
    assert.deepEqual(secretsIn(seen.at(-1)), ["default/one", "elsewhere/one"]);
    assert.equal(seen.at(-1)?.unreadable?.size, 0);
  });

  it("may not read the Secrets of another agent's connections", async () => {
    using cluster = new Installation();
    for (const name of ["one", "two"])
      cluster.put(resourceTypes.Secret, { name, namespace: "default" });
    cluster.declare("c1", "node-a", "default/one");
    cluster.declare("c2", "node-b", "default/two");
    cluster.lead();
    await pass(6_000);
    const client = cluster.api.client(undefined, cluster.deniedTo(accountA));
    const refused: string[] = [];
    for (const name of ["one", "two"])
      void client
        .get(resourceTypes.Secret, { namespace: "default", name })
        .catch((error: KubeError) => void refused.push(`${name} ${error.code}`));
    await pass(100);
    assert.deepEqual(refused, ["two denied"]);
  });
});
