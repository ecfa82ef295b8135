import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { lastValueFrom } from "rxjs";
import type { ConnectionStatus, Status } from "../../src/model/status/status.ts";
import { isSettled } from "../../src/runtime/actors/settled.ts";
import { rekey, restart } from "../../src/runtime/connections/connection-commands.ts";
import { diagnose } from "../../src/runtime/diagnosis/diagnose.ts";
import type { Examiner } from "../../src/runtime/diagnosis/examiner.ts";
import { move } from "../../src/runtime/connections/move-command.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { reportsPods } from "../../src/runtime/agent/reports-pods.ts";
import { mergeReports } from "../../src/main/kubectl/commands/merge-reports.ts";
import type { World } from "../simulator/world.ts";
import { TwoAgents } from "./two-agents.ts";

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

  it("includes pods that are not attached for the agent that leads alone", async () => {
    await using agents = new TwoAgents();
    const both = () =>
      [agents.a, agents.b].map(({ supervisor }) => reportsPods(supervisor, "site"));
    const started = agents.start();
    assert.deepEqual(both(), [true, true], "before the manifests are known");
    await started;
    assert.deepEqual(both(), [true, false]);
    agents.a.supervisor.roots.get("site")?.send({ type: "move", path: "backup" });
    await agents.pass(4_000);
    assert.deepEqual(both(), [false, true]);
    assert.equal(reportsPods(agents.a.supervisor, "unknown"), true);
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
    const [follower] = (reports[0] as Status).connections as [ConnectionStatus];
    const { leads: _, ...broken } = follower;
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
    const idsOfB = () => agents.b.charon.ikes.map(({ uniqueId }) => uniqueId);
    const before = idsOfB();
    await assert.rejects(
      async () => lastValueFrom(restart(agents.b.supervisor, "site")),
      elsewhere,
    );
    await agents.pass(2_000);
    assert.deepEqual(idsOfB(), before, "the command changed nothing");
    const request = { connection: "site", child: undefined, ping: undefined, rekey: false };
    const examiner = {} as Examiner;
    const findings = await Array.fromAsync(diagnose(agents.b.supervisor, examiner, request));
    assert.deepEqual(
      findings.map(({ verdict, check, path = "" }) => `${verdict} ${check} ${path}`.trim()),
      ["ok manifest", "ok charon", "note traffic main", "ok standby backup"],
    );
    assert.match(findings[2]?.message ?? "", elsewhere);
    // The facts of this agent's path say nothing about a Service.
    const ofService = { ...request, service: "shop/web" };
    const answers = await Array.fromAsync(diagnose(agents.b.supervisor, examiner, ofService));
    assert.deepEqual(
      answers.map(({ verdict, check }) => `${verdict} ${check}`),
      ["skipped answers"],
    );
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
});
