import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defer, Subject, type Observable } from "rxjs";
import { register } from "prom-client";
import type { ProbeOrder } from "../../src/machines/probe.ts";
import {
  childConditionsOf,
  conditionsOf,
  type ChildFacts,
} from "../../src/runtime/conditions/conditions.ts";
import { ProbeMetrics } from "../../src/runtime/metrics/probe-metrics.ts";
import type { EchoOutcome } from "../../src/model/probe/echo-judge.ts";
import type { Reachability } from "../../src/model/status/status.ts";
import type { ProbeResult } from "../../src/runtime/ports/runtime-events.ts";
import { EventSubjects } from "../../src/runtime/effects/event-subjects.ts";
import { Probes } from "../../src/runtime/supervisor/probes.ts";
import type { Status } from "../../src/model/status/status.ts";
import { childSpec } from "../../lab/sites/manifests.ts";
import { connectionOf, gateway } from "./fixtures.ts";

const probed = (address?: string) => {
  const probe = address === undefined ? undefined : { address, intervalSeconds: 1 };
  return connectionOf({ children: { lan: childSpec(2, { name: "lan", probe }) } });
};

function harness() {
  const orders: ProbeOrder[] = [];
  const results: ProbeResult[] = [];
  const events = new EventSubjects();
  events.probeResults.subscribe((result) => results.push(result));
  const breakdowns: unknown[] = [];
  events.breakdowns.subscribe(({ error }) => breakdowns.push(error));
  let answers = new Subject<EchoOutcome>();
  let changes = 0;
  const echoes = (order: ProbeOrder): Observable<EchoOutcome> =>
    defer(() => {
      orders.push(order);
      return (answers = new Subject());
    });
  const probes = new Probes({
    network: { echoes },
    events,
    changed: () => changes++,
  });
  const update = (connection = probed("10.1.2.1"), where: typeof gateway | null = gateway) =>
    probes.update(
      new Map([[connection.id, connection]]),
      new Map([[connection.id, new Map([["lan", { gateway: where ?? undefined, workers: [] }]])]]),
    );
  return {
    orders,
    results,
    probes,
    update,
    breakdowns,
    answer: () => answers.next({ seconds: 0.01, unreachable: false }),
    lose: (unreachable: boolean) => answers.next({ seconds: undefined, unreachable }),
    fail: () => answers.error(new Error("a planted defect")),
    isHeard: () => answers.observed,
    changes: () => changes,
    state: () => probes.of(probed("10.1.2.1"))[0],
  };
}

describe("a probe", () => {
  it("sends echo requests through the gateway, from the gateway's address", () => {
    const { orders, update, state } = harness();
    update(probed("10.1.2.1"), null);
    assert.equal(orders.length, 0);
    assert.equal(state(), "unknown");
    update();
    assert.equal(orders[0]?.gateway, gateway);
    assert.deepEqual(orders[0]?.pace, { kind: "steady", restMs: 1_000 });
    assert.deepEqual(orders[0]?.source, probed().children[0]?.xfrmIp.address);
  });

  it("is unreachable only once enough requests in a row were lost", () => {
    const { update, answer, lose, state, changes, results } = harness();
    update();
    answer();
    assert.equal(state(), "reachable");
    const before = changes();
    answer();
    lose(false);
    answer();
    assert.equal(changes(), before, "an unchanged result is not an event");
    assert.equal(state(), "reachable");
    lose(true);
    assert.equal(state(), "unreachable");
    lose(true);
    assert.equal(changes(), before + 1);
    answer();
    assert.equal(state(), "reachable");
    const seconds = results.map((result) => result.seconds);
    assert.deepEqual(seconds, [0.01, 0.01, undefined, 0.01, undefined, undefined, 0.01]);
  });

  it("starts again with another gateway or target, and ends with its child", () => {
    const { orders, update, answer, state, isHeard, probes } = harness();
    update();
    answer();
    update();
    assert.equal(orders.length, 1, "a manifest with the same probe changes nothing");
    assert.equal(state(), "reachable");
    update(probed("10.1.2.9"));
    assert.equal(orders.length, 2);
    update(probed("10.1.2.1"), { ...gateway, netns: "/run/netns/other" });
    assert.equal(state(), "unknown");
    assert.equal(orders.at(-1)?.gateway.netns, "/run/netns/other");
    update(probed());
    assert.equal(state(), undefined);
    assert.equal(isHeard(), false);
    assert.deepEqual(probes.actors, []);
  });

  it("waits for the results of the present path after a switch", () => {
    const { orders, update, answer, lose, state, probes } = harness();
    update();
    answer();
    lose(true);
    probes.restart(probed("10.1.2.1"));
    assert.equal(state(), "unknown");
    assert.equal(orders.length, 2, "by other requests");
    lose(false);
    assert.equal(state(), "unknown");
    answer();
    assert.equal(state(), "reachable");
  });

  it("reports a defect of the requests, and starts again after a backoff", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout", "Date"] });
    const { orders, update, fail, breakdowns, state, isHeard } = harness();
    update();
    fail();
    assert.match(String(breakdowns), /a planted defect/);
    assert.equal(state(), "unknown");
    test.mock.timers.tick(1_000);
    assert.equal(orders.length, 2);
    assert.ok(isHeard());
  });
});

describe("the condition Reachable", () => {
  const child = (key: string, reachability: Reachability | undefined): ChildFacts => ({
    key,
    state: "established",
    gateway: "ready",
    failure: undefined,
    reachability,
    unrouted: undefined,
    traffic: undefined,
  });
  const of = (...children: ChildFacts[]) => {
    const surroundings = {
      hasSecret: true,
      keyFailure: undefined,
      secretTrouble: undefined,
      charonReady: true,
    };
    const facts = { state: "established" as const, failure: undefined, problems: [], children };
    const all = conditionsOf({ ...facts, ...surroundings });
    const ready = all.find(({ type }) => type === "Ready")?.status;
    const found = all.find(({ type }) => type === "Reachable");
    return [found?.status, found?.reason, ready];
  };

  for (const [what, children, expected] of [
    ["does not exist without a probe", [child("a", undefined)], [undefined, undefined, "True"]],
    ["is Unknown at first", [child("a", "unknown")], ["Unknown", "InProgress", "True"]],
    [
      "is True if the target of each probe answers",
      [child("a", "reachable"), child("b", undefined)],
      ["True", "Reachable", "True"],
    ],
    [
      "is False if a target does not answer, and does not affect Ready",
      [child("a", "unknown"), child("b", "unreachable")],
      ["False", "ProbeUnanswered", "True"],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(of(...children), expected));
  }

  it("is a condition of the child, too", () => {
    const types = childConditionsOf(child("a", "reachable")).map(({ type }) => type);
    assert.deepEqual(types, ["GatewayReady", "Established", "Reachable", "Ready"]);
  });
});

describe("the metrics of probes", () => {
  it("have series only for declared probes", async () => {
    const child = { key: "lan", reachability: "reachable" };
    let status = { connections: [{ id: "site", children: [child] }] };
    const metrics = new ProbeMetrics(register, () => status as unknown as Status);
    const text = async () => {
      const all = await register.metrics();
      return all.split("\n").filter((line) => line.startsWith("ipman_probe_"));
    };
    metrics.take({ connection: "site", child: "lan", seconds: 0.5 });
    metrics.take({ connection: "site", child: "lan", seconds: undefined });
    const labels = '{connection="site",child="lan"}';
    assert.deepEqual(await text(), [
      `ipman_probe_reachable${labels} 1`,
      `ipman_probe_round_trip_seconds_sum${labels} 0.5`,
      `ipman_probe_round_trip_seconds_count${labels} 1`,
      `ipman_probe_lost_total${labels} 1`,
    ]);
    status = { connections: [] };
    assert.deepEqual(await text(), []);
  });
});
