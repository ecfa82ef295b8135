import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnyStateMachine } from "xstate";
import { charonMachine, type CharonContext } from "../../../src/machines/charon.ts";
import { childMachine } from "../../../src/machines/child/child.ts";
import type { ChildContext } from "../../../src/machines/child/child-types.ts";
import { gatewayMachine } from "../../../src/machines/gateway/gateway.ts";
import type { GatewayContext } from "../../../src/machines/gateway/gateway-types.ts";
import { leaderMachine } from "../../../src/machines/leader.ts";
import type { PathContext } from "../../../src/machines/path/path-types.ts";
import { probeMachine } from "../../../src/machines/probe.ts";
import {
  managedObjectMachine,
  type ManagedObjectContext,
} from "../../../src/machines/managed-object.ts";
import type { Child } from "../../../src/model/api/connection.ts";
import { failure, Reason } from "../../../src/model/status/failure.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { childSa, childSpec, connectionOf, gateway, ikeSa, loadedNew } from "../fixtures.ts";
import { heldChild, heldPath } from "./held-machines.ts";
import { fastLoop, type Adversary } from "./pace.ts";
import { Held } from "./replay.ts";

const held = new Held();
const once = () => 1;
const some = ({ uniqueIds }: { uniqueIds: readonly string[] }) => (uniqueIds.length > 0 ? 1 : 0);
const list = (...ikeSas: object[]) => ({ type: "sas.listed", ikeSas });
const away = { failure: failure(Reason.CharonUnavailable, "away") };
const unexplained = { failure: failure(Reason.NegotiationFailed, "not begun") };

const remote_ips = ["10.1.2.0/24", "10.7.0.0/24"];
const child = connectionOf({ children: { "child-2": childSpec(2, { remote_ips }) } })
  .children[0] as Child;
const whole = childSa({ remoteSelectors: remote_ips });

function childAdversary(machine = childMachine): Adversary {
  const walk = {
    machine: heldChild(held, machine) as AnyStateMachine,
    input: { connection: connectionOf(), child, loaded: true },
    events: [
      list(),
      list(ikeSa({ state: "CONNECTING", children: [] })),
      list(ikeSa({ children: [whole] })),
      list(ikeSa({ children: [childSa()] })),
      list(ikeSa({ children: [childSa({ remoteSelectors: ["10.9.0.0/16"] })] })),
    ],
    facts: ({ sas, busy, lasted, failure, recurrence, tried, attempt }: ChildContext) => [
      [sas[0]?.remoteSelectors, busy, lasted, failure?.retryable],
      [recurrence.times, tried, Math.min(attempt, 7)],
    ],
    errors: [away, unexplained],
  };
  return { walk, costs: { initiate: once, terminate: some }, impossible: /actor\.rekey/ };
}

const twoSas = list(ikeSa(), ikeSa({ uniqueId: "8" }));

/** Separate, since ipman ends more than two SAs for the same traffic at a pace of their own. */
const pathEvents = {
  any: [
    list(),
    list(ikeSa()),
    list(ikeSa({ remoteId: "another" })),
    list(ikeSa({ state: "REKEYING" })),
    twoSas,
    list(ikeSa({ children: [childSa(), childSa({ uniqueId: "2" })] })),
    { type: "configuration.lost" },
    { type: "lifetime.hasty", lifetime: 60 },
  ],
  crowds: [
    list(ikeSa()),
    twoSas,
    list(ikeSa(), ikeSa({ uniqueId: "8" }), ikeSa({ uniqueId: "9" })),
  ],
};

function pathAdversary(kind: keyof typeof pathEvents): Adversary {
  const walk = {
    machine: heldPath(held) as AnyStateMachine,
    input: {
      path: "main",
      connection: connectionOf(),
      charonReady: true,
      secretRevision: "r1",
    },
    events: pathEvents[kind],
    outputs: { load: loadedNew() },
    facts: ({ ikeSas, recurrence, tried, attempt, ...context }: PathContext) => [
      ikeSas.map(({ state, remoteId }) => [state, remoteId]),
      [context.failure?.retryable, context.outdated],
      [recurrence.state, recurrence.times, tried, Math.min(attempt, 7)],
    ],
    errors: [away],
  };
  // A child does not end without a command to stop, but it may break down.
  return {
    walk,
    costs: { terminateIke: some, endSurplus: once, load: once },
    impossible: /done\.actor\.child/,
  };
}

const suite = { iv: 8, icv: 16, align: 4 };
const tunnel = (encapsulated: boolean) => ({ suite, encapsulated, remoteHost: "" });

/** Events with separate counters are tested separately, since a bound holds for each kind. */
const gatewayEvents = {
  changes: [{ type: "kernel.changed" }],
  tunnels: [
    { type: "tunnel.changed", tunnel: tunnel(true) },
    { type: "tunnel.changed", tunnel: tunnel(false) },
  ],
  refusals: [],
  unwatched: [{ type: "attend.failed", duty: "watch", error: away }],
  unannounced: [{ type: "attend.failed", duty: "announce", error: away }],
};

function gatewayAdversary(repaired: boolean, kind: keyof typeof gatewayEvents): Adversary {
  const walk = {
    machine: gatewayMachine.provide({
      actors: { place: held.actor(), apply: held.actor(), attend: held.actor() as never },
    }) as AnyStateMachine,
    input: { connection: connectionOf(), child, tunnels: [child.ifId] },
    outputs: { apply: { repaired } },
    events: gatewayEvents[kind],
    facts: ({ changed, wokenBy, recurrences, attempt, ...context }: GatewayContext) => [
      [changed, wokenBy, context.tunnel?.encapsulated, Math.min(attempt, 7)],
      recurrences.map(({ cause, times }) => [cause, times]),
    ],
    errors: kind === "refusals" ? [away] : [],
  };
  const before = [{ type: "endpoints.changed", gateway, workers: [] }];
  const costs = { apply: once, place: once };
  return { walk, before, costs, impossible: /actor\.attend/ };
}

function charonAdversary(costs: Adversary["costs"]): Adversary {
  const walk = {
    machine: charonMachine.provide({
      actors: {
        connect: held.actor(),
        prune: held.actor(),
        list: held.actor(),
        session: held.actor(),
      },
    }) as AnyStateMachine,
    events: [{ type: "sas.wanted" }],
    facts: ({ recurrence, attempt, wantedAgain }: CharonContext) => [
      [recurrence.times, Math.min(attempt, 4), wantedAgain],
    ],
    errors: [away],
  };
  return { walk, costs };
}

const object = (replicas: number, version: string): KubeObject =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", resourceVersion: version, generation: Number(version) },
    spec: { replicas },
  }) as KubeObject;

function managedObjectAdversary(): Adversary {
  const walk = {
    machine: managedObjectMachine.provide({
      actors: { apply: held.actor(), remove: held.actor() },
    }) as AnyStateMachine,
    input: { wanted: object(1, "1"), actual: undefined, version: 0n, lingerMs: 0 },
    outputs: { apply: object(1, "2") },
    events: [
      { type: "seen", object: object(2, "3"), version: 3n },
      { type: "seen", object: undefined, version: 3n },
      { type: "seen", object: object(1, "3"), version: 3n },
    ],
    facts: ({ actual, version, recurrence, attempt, applied }: ManagedObjectContext) => [
      [JSON.stringify(actual), String(version), applied?.generation],
      [recurrence.times, Math.min(attempt, 7)],
    ],
    errors: [away],
  };
  return { walk, costs: { apply: once, remove: once } };
}

function leaderAdversary(leads: boolean): Adversary {
  const machine = leaderMachine.provide({ actors: { acquire: held.actor() } }) as AnyStateMachine;
  const outputs = { acquire: leads, renew: leads };
  const walk = { machine, events: [], outputs, facts: () => [], errors: [away] };
  return { walk, costs: { acquire: once, renew: once } };
}

function probeAdversary(): Adversary {
  const target = child.xfrmIp.address;
  const walk = {
    machine: probeMachine.provide({ actors: { ask: held.actor() as never } }) as AnyStateMachine,
    input: { order: { source: target, target, pace: { kind: "steady", restMs: 5_000 } }, gateway },
    events: [{ type: "probe.answered" }, { type: "probe.unanswered" }],
    facts: () => [],
    errors: [],
  };
  return { walk, costs: { ask: once }, impossible: /done\.actor/ };
}

describe("under any sequence of external events", () => {
  const hour = 3_600_000;
  const bounds: readonly (readonly [what: string, perHour: number, () => Adversary])[] = [
    ["a child initiates and terminates at most 240 SAs an hour", 240, childAdversary],
    [
      "a connection is loaded, and terminates IKE SAs, at most 240 times an hour",
      240,
      () => pathAdversary("any"),
    ],
    [
      "surplus IKE SAs of a connection end at most once a second, however fast they multiply",
      3_600,
      () => pathAdversary("crowds"),
    ],
    [
      "a gateway that other programs change is repaired at most 700 times an hour",
      700,
      () => gatewayAdversary(true, "changes"),
    ],
    [
      "a gateway is configured at most 600 times an hour if its tunnel keeps changing",
      600,
      () => gatewayAdversary(true, "tunnels"),
    ],
    [
      "a gateway is configured at most 600 times an hour if the kernel refuses the plan",
      600,
      () => gatewayAdversary(true, "refusals"),
    ],
    [
      "a gateway is configured at most 600 times an hour if it cannot be watched",
      600,
      () => gatewayAdversary(true, "unwatched"),
    ],
    [
      "a gateway is configured at most 600 times an hour if it cannot be announced",
      600,
      () => gatewayAdversary(true, "unannounced"),
    ],
    [
      "a gateway is compared with its plan at most 4 times a second",
      14_400,
      () => gatewayAdversary(false, "changes"),
    ],
    [
      "the connection to charon is attempted at most 4 times a second",
      14_400,
      () => charonAdversary({ connect: once }),
    ],
    ["charon has at most 240 sessions an hour", 240, () => charonAdversary({ prune: once })],
    ["an object is written at most 240 times an hour", 240, managedObjectAdversary],
    ["the lease is requested at most every two seconds", 1_800, () => leaderAdversary(false)],
    ["the lease is renewed at most every two seconds", 1_800, () => leaderAdversary(true)],
    ["a probe starts once", 1, probeAdversary],
  ];
  for (const [what, perHour, adversary] of bounds) {
    it(what, (t) => {
      t.mock.method(Math, "random", () => 0);
      assert.equal(fastLoop(adversary(), hour / perHour), undefined);
    });
  }

  it("a planted loop without a pause is detected", (t) => {
    t.mock.method(Math, "random", () => 0);
    const unguarded = childMachine.provide({
      guards: { looping: () => false, exhausted: () => false },
    });
    const circle = fastLoop(childAdversary(unguarded), hour / 240);
    assert.ok(circle !== undefined);
    assert.ok(!circle.some((event) => event.startsWith("xstate.after.backoff")), String(circle));
  });
});
