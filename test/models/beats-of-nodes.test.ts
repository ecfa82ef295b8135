import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Subject } from "rxjs";
import { SimulatedClock } from "xstate";
import type { ConnectionActor } from "../../src/machines/connection/connection.ts";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import { formatAddress, type Address } from "../../src/model/net/address.ts";
import type { BeatExchange } from "../../src/runtime/beats/beat-exchange.ts";
import { ConnectionBeats } from "../../src/runtime/beats/connection-beats.ts";
import { addressOf, FakeNetwork, peersAt } from "../../src/runtime/beats/network.fixture.ts";
import { settled } from "./fixtures.ts";
import { AgentOfNode } from "./several-nodes-harness.ts";

const stepMs = 10;

/** An agent of a node, and its exchange of beats while it runs. */
class BeatingAgent {
  readonly agent: AgentOfNode;
  readonly address: string;
  readonly #network: FakeNetwork;
  readonly #peer: string;
  readonly #activity = new Subject<{ readonly id: string }>();
  #exchange: BeatExchange | undefined;
  #beats: Disposable | undefined;

  constructor(network: FakeNetwork, node: string, peer: string) {
    this.#network = network;
    this.agent = new AgentOfNode(node, "warm");
    this.address = formatAddress(addressOf[this.agent.id] as Address);
    this.#peer = `node:${peer}`;
  }

  start(clock: SimulatedClock): void {
    const { agent } = this;
    const { exchange } = this.#network.exchange(agent.id);
    this.#exchange = exchange;
    const beats = new ConnectionBeats<ConnectionActor>({
      groupId: agent.id,
      exchange,
      rootOf: () => agent.actor,
      beatOf: (root) => beatOf(root.getSnapshot().context),
      send: (root, event) => root.send(event),
      activity: this.#activity,
      report: (error) => this.#network.errors.push(error),
      clock: { elapsed: () => this.#network.now },
    });
    this.#beats = beats;
    exchange.setPeers(peersAt(this.#peer));
    beats.declare(new Map([[agent.connection.id, agent.connection]]));
    agent.start(clock);
    const changed = () => this.#activity.next({ id: agent.connection.id });
    agent.actor?.subscribe(changed);
    changed();
  }

  stop(): void {
    this.#beats?.[Symbol.dispose]();
    this.#exchange?.[Symbol.dispose]();
    this.agent.stop();
  }
}

/** Two agents, the first of which leads after ten seconds. */
async function running(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = new SimulatedClock();
  const network = new FakeNetwork();
  const [first, second] = [
    new BeatingAgent(network, "n1", "n2"),
    new BeatingAgent(network, "n2", "n1"),
  ];
  const both = [first, second];
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += stepMs) {
      network.now += stepMs;
      clock.increment(stepMs);
      t.mock.timers.tick(stepMs);
      await settled();
      for (const { agent } of both) agent.list();
      await settled();
    }
  };
  const announcing = () => both.filter(({ agent }) => agent.announces).map(({ agent }) => agent.id);
  const end = () => {
    for (const one of both) one.stop();
    assert.deepEqual(network.errors, []);
  };
  for (const one of both) one.start(clock);
  await pass(10_000);
  assert.deepEqual(announcing(), ["node:n1"]);
  return { clock, network, first, second, pass, announcing, end };
}

describe("a connection with paths on two nodes whose agents exchange beats", () => {
  it("is led by the other agent within 600 ms after its node is lost", async (t) => {
    const { network, first, second, pass, announcing, end } = await running(t);
    first.stop();
    first.agent.isLost = true;
    network.dead.add(first.address);
    const lostAt = network.now;
    while (announcing()[0] !== "node:n2" && network.now - lostAt < 5_000) await pass(stepMs);
    const tookMs = network.now - lostAt;
    assert.ok(tookMs <= 600, `after ${tookMs} ms`);
    assert.equal(second.agent.context.active, "backup");
    end();
  });

  it("stays where it is while its agent restarts", async (t) => {
    const { clock, first, second, pass, announcing, end } = await running(t);
    first.stop();
    await pass(10_000);
    assert.equal(second.agent.context.active, "main");
    first.start(clock);
    await pass(10_000);
    assert.deepEqual(announcing(), ["node:n1"]);
    assert.deepEqual([first.agent.context.active, second.agent.context.active], ["main", "main"]);
    end();
  });

  it("moves to the other node by a command to the agent that leads", async (t) => {
    const { first, second, pass, announcing, end } = await running(t);
    first.agent.actor?.send({ type: "move", path: "backup" });
    await pass(1_000);
    assert.deepEqual(announcing(), ["node:n2"]);
    assert.equal(second.agent.context.active, "backup");
    end();
  });

  it("is led by one agent after the network between both was interrupted", async (t) => {
    const { network, first, second, pass, announcing, end } = await running(t);
    for (const { address } of [first, second]) {
      network.deaf.add(address);
      network.dead.add(address);
    }
    await pass(3_000);
    assert.deepEqual(announcing(), ["node:n1", "node:n2"]);
    network.deaf.clear();
    network.dead.clear();
    await pass(1_000);
    assert.equal(announcing().length, 1);
    assert.equal(first.agent.context.active, second.agent.context.active);
    end();
  });
});
