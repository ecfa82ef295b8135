import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { lastValueFrom } from "rxjs";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { Declared } from "../../src/adapters/kubernetes/declared.ts";
import type { EventRecorder, ObjectEvent } from "../../src/adapters/kubernetes/events.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { AgentReporter } from "../../src/runtime/agent/agent-reporter.ts";
import type { AgentStatus } from "../../src/runtime/agent/connection-status.ts";
import type { KernelNetwork } from "../../src/runtime/kernel/kernel-network.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import type { ConnectionStatus } from "../../src/model/status/status.ts";
import { isSettled } from "../../src/runtime/actors/settled.ts";
import { rekey } from "../../src/runtime/connections/connection-commands.ts";
import { diagnose } from "../../src/runtime/diagnosis/diagnose.ts";
import type { Examiner } from "../../src/runtime/diagnosis/examiner.ts";
import { move } from "../../src/runtime/connections/move-command.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { mergeReports } from "../../src/main/kubectl/commands/merge-reports.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const { IPSecConnection } = resourceTypes;
const paths = [{ name: "main" }, { name: "backup", nodeName: "node-b" }];
const groups = ["node:node-a", "node:node-b"] as const;

/** Two agents with a path of one connection each, which hear each other. */
class TwoAgents implements AsyncDisposable {
  readonly a: World;
  readonly b: World;
  readonly declared = connectionSpec("site", { nodeName: "node-a", paths });

  /** @param older connections that only the second agent has */
  constructor(...older: ReturnType<typeof connectionSpec>[]) {
    const manifests = [secret({ site: psk }), this.declared];
    const [a, b] = groups.map((groupId, i) => {
      const own = (i === 0 ? [] : older).concat(manifests as typeof older).map(resourceOf);
      return new World(own, {}, { place: { scope: "cluster", groupId } });
    }) as [World, World];
    this.a = a;
    this.b = b;
  }

  async start(): Promise<void> {
    await Promise.all([this.a.start(), this.b.start()]);
    await pass(200);
    for (const { supervisor } of [this.a, this.b])
      supervisor.roots.get("site")?.send({ type: "peers.known" });
    await this.pass(3_000);
  }

  /** Passes time, in which the agents exchange their reports. */
  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      await pass(100);
      this.#report(this.a, this.b, groups[0]);
      this.#report(this.b, this.a, groups[1]);
    }
  }

  get statuses(): [ConnectionStatus, ConnectionStatus] {
    return [this.a, this.b].map(({ supervisor }) => statusOf(supervisor).connections[0]) as [
      ConnectionStatus,
      ConnectionStatus,
    ];
  }

  #report(from: World, to: World, group: string): void {
    const root = from.supervisor.roots.get("site");
    const beat = root && beatOf(root.getSnapshot().context);
    if (beat !== undefined)
      to.supervisor.roots.get("site")?.send({ type: "beat.heard", group, beat });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a[Symbol.asyncDispose]();
    await this.b[Symbol.asyncDispose]();
  }
}

const typesOf = ({ conditions }: ConnectionStatus) => conditions.map(({ type }) => type);
const shown = ({ paths: all = [] }: ConnectionStatus) =>
  all.map(({ name, role, state, node }) => `${name} on ${node}: ${role}, ${state}`);

describe("the status of a connection with paths on two nodes", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("is that of the agent that leads; the other one reports its own facts only", async () => {
    await using agents = new TwoAgents();
    await agents.start();
    const [a, b] = agents.statuses;
    assert.deepEqual([a.leads, b.leads], [true, false]);
    const both = ["main on node-a: active, established", "backup on node-b: standby, established"];
    assert.deepEqual(shown(a), both);
    assert.deepEqual(shown(b), both);
    assert.deepEqual([a.state, b.state], ["established", "established"]);
    const redundant = a.conditions.find(({ type }) => type === "Redundant");
    assert.equal(redundant?.status, "True");
    assert.deepEqual(typesOf(b), ["SpecValid", "SecretReady", "CharonReady"]);
    assert.deepEqual([a.children.length, b.children.length], [1, 0]);
  });

  it("is in the metrics of the agent that leads, and a switch in those of the one that takes over", async () => {
    await using agents = new TwoAgents();
    for (const world of [agents.a, agents.b]) world.observe();
    await agents.start();
    const seriesOf = async (world: World) => {
      const lines = (await world.metrics.text()).split("\n");
      return lines.filter((line) => /^ipman_(path_(up|active)|child_up)|cause="move"/.test(line));
    };
    assert.deepEqual(await seriesOf(agents.a), [
      'ipman_child_up{connection="site",child="child-2"} 1',
      'ipman_path_active{connection="site",path="main"} 1',
      'ipman_path_active{connection="site",path="backup"} 0',
      'ipman_path_up{connection="site",path="main"} 1',
      'ipman_path_up{connection="site",path="backup"} 1',
      'ipman_path_switches_total{connection="site",cause="move"} 0',
    ]);
    const unmoved = ['ipman_path_switches_total{connection="site",cause="move"} 0'];
    assert.deepEqual(await seriesOf(agents.b), unmoved);
    agents.a.supervisor.roots.get("site")?.send({ type: "move", path: "backup" });
    await agents.pass(4_000);
    assert.deepEqual(await seriesOf(agents.a), unmoved);
    assert.equal(
      (await seriesOf(agents.b)).at(-1),
      'ipman_path_switches_total{connection="site",cause="move"} 1',
    );
  });

  it("is merged from the reports of both agents", async () => {
    await using agents = new TwoAgents();
    await agents.start();
    const reports = [agents.b, agents.a].map(({ supervisor }) => statusOf(supervisor));
    const { connections } = mergeReports(reports, 0);
    assert.equal(connections.length, 1);
    const [merged] = connections as [ConnectionStatus];
    assert.equal(merged.leads, true);
    assert.deepEqual(
      merged.paths?.map(({ elsewhere }) => elsewhere),
      [undefined, undefined],
    );
    const counted = reports.map((report, i) => {
      return { ...report, traffic: { "site/child-2": { bytesIn: i, bytesOut: i, idleIn: 0 } } };
    });
    for (const all of [counted, counted.toReversed()])
      assert.equal(mergeReports(all, 0).traffic["site/child-2"]?.bytesIn, 1);
    const { leads: _, ...broken } = reports[0]?.connections[0] as ConnectionStatus;
    const unaware = { ...reports[0], connections: [{ ...broken, state: "failed" }] };
    const [led] = mergeReports([unaware, reports[1]] as typeof reports, 0).connections;
    assert.deepEqual([led?.leads, led?.state], [true, "established"]);
    const [alone] = mergeReports(reports.slice(0, 1), 0).connections as [ConnectionStatus];
    assert.deepEqual([alone.id, alone.leads], ["site", false]);
  });

  it("is settled for both, and commands about the traffic name the other node", async () => {
    await using agents = new TwoAgents();
    await agents.start();
    const [a, b] = [agents.a, agents.b].map(({ supervisor }) => supervisor.roots.get("site"));
    assert.ok(a !== undefined && isSettled(a.getSnapshot()));
    assert.ok(b !== undefined && isSettled(b.getSnapshot()));
    const elsewhere = /the active path main of connection site is on node-a/;
    assert.throws(() => rekey(agents.b.supervisor, "site"), elsewhere);
    assert.throws(() => move(agents.b.supervisor, "site", "backup"), elsewhere);
    const request = { connection: "site", child: undefined, ping: undefined, rekey: false };
    const examiner = {} as Examiner;
    const findings = await Array.fromAsync(diagnose(agents.b.supervisor, examiner, request));
    assert.deepEqual(
      findings.map(({ verdict, check, path = "" }) => `${verdict} ${check} ${path}`.trim()),
      ["ok manifest", "ok charon", "note traffic main", "ok standby backup"],
    );
    assert.match(findings[2]?.message ?? "", elsewhere);
  });

  it("follows a move to the other node", async () => {
    await using agents = new TwoAgents();
    await agents.start();
    const moved = lastValueFrom(move(agents.a.supervisor, "site", "backup"));
    await agents.pass(4_000);
    const { done, message } = await moved;
    assert.ok(done, message);
    const [a, b] = agents.statuses;
    assert.deepEqual([a.leads, b.leads], [false, true]);
    assert.equal(b.children.length, 1);
    assert.deepEqual(shown(b), shown(a));
  });

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
    const [leader] = agents.statuses.filter((status) => status.leads);
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
