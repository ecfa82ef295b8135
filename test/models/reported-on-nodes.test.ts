import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { connectionSpec } from "../../lab/sites/manifests.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import type { EventRecorder, ObjectEvent } from "../../src/adapters/kubernetes/events.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { AgentReporter } from "../../src/runtime/agent/agent-reporter.ts";
import type { AgentStatus } from "../../src/runtime/agent/connection-status.ts";
import type { KernelNetwork } from "../../src/runtime/kernel/kernel-network.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import type { ConnectionStatus } from "../../src/model/status/status.ts";
import type { World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";
import { groups, TwoAgents } from "./two-agents.ts";

const { IPSecConnection } = resourceTypes;

describe("the status in the API of a connection with paths on two nodes", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  /** Starts the reporters of both agents. */
  function reporting(agents: TwoAgents) {
    const api = new KubeApi(() => 1);
    api.put(IPSecConnection, agents.declared as KubeObject);
    const events: string[] = [];
    const troubles: unknown[] = [];
    const parts = new DisposableStack();
    const reporters = new Map<string, Disposable>();
    const report = (world: World, agent: string, groupId: string) => {
      const client = api.client();
      const onTrouble = (error: unknown) => void troubles.push(error);
      const reporter = parts.use(
        new AgentReporter({
          client,
          groupId,
          declared: parts.use(new Declared(client, { onTrouble })),
          running: world.supervisor,
          network: { appliedMtu: () => 1_400 } as unknown as KernelNetwork,
          events: {
            record: ({ reason, note }: ObjectEvent) => events.push(`${agent} ${reason}: ${note}`),
          } as unknown as EventRecorder,
          writes: backgroundWrites(),
          onTrouble,
        }),
      );
      reporters.set(agent, reporter);
    };
    const end = (agent: string) => reporters.get(agent)?.[Symbol.dispose]();
    report(agents.a, "a", groups[0]);
    report(agents.b, "b", groups[1]);
    const stated = () => {
      const [object] = api.all(IPSecConnection) as { status?: Partial<AgentStatus> }[];
      const { paths: all = [], conditions = [], ...others } = object?.status ?? {};
      const roles = all.map(({ name, role, node }) => `${name} on ${node}: ${role}`).toSorted();
      const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
      return { roles, isReady, active: others.activePath, children: others.childrenReady };
    };
    return { api, events, troubles, stated, end, [Symbol.dispose]: () => parts.dispose() };
  }

  it("is written by the agent that leads, and the entry of each path by its own agent", async () => {
    await using agents = new TwoAgents();
    using reported = reporting(agents);
    const { api, events, troubles, stated } = reported;
    await agents.start();
    await agents.pass(5_000);
    const before = {
      roles: ["backup on node-b: standby", "main on node-a: active"],
      isReady: true,
      active: "main",
      children: "1/1",
    };
    assert.deepEqual(stated(), before);
    events.length = 0;
    agents.a.supervisor.roots.get("site")?.send({ type: "move", path: "backup" });
    await agents.pass(8_000);
    assert.deepEqual(stated(), {
      ...before,
      roles: ["backup on node-b: active", "main on node-a: standby"],
      active: "backup",
    });
    const switches = events.filter((event) => event.includes("PathSwitched"));
    assert.deepEqual(switches, ["b PathSwitched: the path backup is active instead of main"]);
    const { length } = api.written;
    await agents.pass(20_000);
    assert.equal(api.written.length, length, "the agents do not overwrite each other");
    assert.deepEqual(troubles, []);
  });

  it("is not written by an agent whose path was moved to another node, while it ends the SAs", async () => {
    await using agents = new TwoAgents();
    using reported = reporting(agents);
    const { api } = reported;
    await agents.start();
    await agents.pass(5_000);
    const [main, backup] = [
      { name: "main", nodeName: "node-c" },
      { name: "backup", nodeName: "node-b" },
    ];
    const spec = { ...agents.declared.spec, paths: [main, backup] };
    const [object] = api.all(IPSecConnection);
    api.put(IPSecConnection, { ...object, spec } as unknown as KubeObject);
    await agents.pass(2_000);
    const { length } = api.written;
    agents.a.supervisor.roots.get("site")?.send({ type: "restart" });
    await pass(5_000);
    assert.deepEqual(api.written.slice(length), []);
  });

  it("is written rarely while two agents lead that do not hear each other, and normally after", async () => {
    await using agents = new TwoAgents();
    using reported = reporting(agents);
    const { api, events, stated } = reported;
    await agents.start();
    await agents.pass(5_000);
    for (const [world, group] of [
      [agents.a, groups[1]],
      [agents.b, groups[0]],
    ] as const)
      world.supervisor.roots.get("site")?.send({ type: "group.absent", group });
    await pass(5_000);
    const leads = agents.statuses.map((status) => status.leads);
    assert.deepEqual(leads, [true, true]);
    const { length } = api.written;
    events.length = 0;
    await pass(600_000);
    const written = api.written.length - length;
    assert.ok(written < 60, `${written} writes in ten minutes`);
    assert.ok(events.length < 60, `${events.length} events in ten minutes`);
    for (const [world, group] of [
      [agents.a, groups[1]],
      [agents.b, groups[0]],
    ] as const)
      world.supervisor.roots.get("site")?.send({ type: "group.present", group });
    await agents.pass(70_000);
    const leader = agents.statuses.find((status) => status.leads);
    const { paths: shownPaths = [] } = leader as ConnectionStatus;
    assert.equal(stated().active, shownPaths.find(({ role }) => role === "active")?.name);
    assert.equal(agents.statuses.filter((status) => status.leads).length, 1);
  });

  it("has no second active path once the node of the former one is gone", async () => {
    await using agents = new TwoAgents();
    using reported = reporting(agents);
    const { api, stated } = reported;
    await agents.start();
    await agents.pass(5_000);
    reported.end("a");
    const root = agents.b.supervisor.roots.get("site");
    root?.send({ type: "group.absent", group: groups[0] });
    await pass(10_000);
    assert.deepEqual(stated().roles, ["backup on node-b: active", "main on node-a: standby"]);
    const [object] = api.all(IPSecConnection) as { status?: Partial<AgentStatus> }[];
    const main = object?.status?.paths?.find(({ name }) => name === "main");
    assert.deepEqual([main?.state, main?.reason], ["pending", "AgentSilent"]);
    // An agent that is not heard, and that reports nevertheless, knows better.
    const { apiVersion, kind } = IPSecConnection;
    const entry = { ...main, state: "established" };
    const status = { paths: [entry] };
    const other = { apiVersion, kind, metadata: { name: "site" }, status } as KubeObject;
    const writing = api.client().apply(IPSecConnection, other, "ipman-agent-path-main", "status");
    await pass(100);
    await writing;
    const { length } = api.written;
    await pass(20_000);
    assert.equal(api.written.length, length);
  });

  it("is not written by an agent that refuses the manifest, unless it had the active path", async () => {
    const older = connectionSpec("older", { name: "site", nodeName: "node-b" });
    await using agents = new TwoAgents(older);
    using reported = reporting(agents);
    await agents.start();
    await agents.pass(5_000);
    const [b] = agents.statuses.slice(1);
    assert.equal(b?.id, "older");
    const { active, isReady } = reported.stated();
    assert.deepEqual([active, isReady], ["main", true]);
    const { length } = reported.api.written;
    await agents.pass(20_000);
    assert.equal(reported.api.written.length, length, "the agents do not overwrite each other");
  });
});
