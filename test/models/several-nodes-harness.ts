import assert from "node:assert/strict";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import { childMachine } from "../../src/machines/child/child.ts";
import type { InitiateOrder } from "../../src/machines/child/child-types.ts";
import { beatOf } from "../../src/machines/connection/elsewhere.ts";
import {
  connectionMachine,
  type ConnectionActor,
} from "../../src/machines/connection/connection.ts";
import { noEndpoints } from "../../src/machines/connection/connection-types.ts";
import type { PathSwitched } from "../../src/machines/connection/path-choice.ts";
import { pathMachine } from "../../src/machines/path/path.ts";
import type { Connection } from "../../src/model/api/connection.ts";
import { pathConnections } from "../../src/model/api/path.ts";
import { gatewaySnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import { Calls, connectionOf, gateway, gatewayWith, loadedNew, settled } from "./fixtures.ts";
import { FakeCharon } from "./fake-charon.ts";
import { floatingWith } from "./floating-fake.ts";

const round = 100;
/** The pause between two announcements of a gateway, once the first ones are sent. */
const repetition = 4_000;
const key = { secretRevision: "r1", keyFailure: undefined };

/** A connection with a path on each of two nodes, as the agent of one of them has it. */
export function connectionOn(node: string, standby = "warm", spec: object = {}): Connection {
  const paths = [
    { name: "main", nodeName: "n1", standby },
    { name: "backup", nodeName: "n2", remoteAddr: "192.0.2.9", standby },
  ];
  const here = paths.filter(({ nodeName }) => nodeName === node).map(({ name }) => name);
  return { ...connectionOf({ paths, ...spec }), here };
}

/** A node with a charon, and the actor of the connection in its agent. */
export class AgentOfNode {
  readonly id: string;
  readonly connection: Connection;
  readonly charon: FakeCharon;
  readonly calls = new Calls();
  readonly switches: string[] = [];
  actor: ConnectionActor | undefined;
  /** Whether the gateway exists: a node that was lost has none. */
  isLost = false;
  startedAt = 0;
  /** Whether the node has the floating address; it stays without the agent. */
  holds = false;
  /** Whether the node cannot have the address, since another program gave it to the node. */
  refusesAddress = false;
  /** A planned leave of the address waits for this. */
  leaves: Promise<void> = Promise.resolve();
  #listed: unknown;
  #via: number | undefined;
  #isComplete = false;
  readonly missed = new Map<string, number>();

  constructor(node: string, standby: string, spec: object = {}) {
    this.id = `node:${node}`;
    this.connection = connectionOn(node, standby, spec);
    const { floating } = this.connection;
    this.charon = new FakeCharon(this.connection, () => floating === undefined || this.holds);
  }

  get context() {
    if (this.actor === undefined) throw new Error("the agent does not run");
    return this.actor.getSnapshot().context;
  }

  /**
   * Whether the gateway leads what it receives into a tunnel that is up, also without its agent, or keeps
   * it back.
   */
  get passes(): boolean {
    const snapshot = this.actor && gatewaySnapshotOf(this.actor.getSnapshot(), "child-2");
    if (snapshot?.matches("ready")) this.#via = snapshot.context.tunnels[0];
    if (snapshot?.context.held !== undefined) return true;
    return (
      !this.isLost &&
      this.charon.sas.some(({ children }) => children.some(({ ifId }) => ifId === this.#via))
    );
  }

  /** Whether the gateway announces itself. */
  get announces(): boolean {
    const last = this.calls.made.findLast(({ name }) => name === "announce" || name === "silence");
    const input = last?.input as { readonly carries?: boolean } | undefined;
    return !this.isLost && last?.name === "announce" && input?.carries !== false;
  }

  /** How often the gateway began to announce itself. */
  get announcements(): number {
    const made = this.calls.made.filter(({ name, input }) => {
      return name === "announce" && (input as { readonly carries?: boolean }).carries !== false;
    });
    return made.length;
  }

  start(clock: SimulatedClock): void {
    const { connection, calls, charon } = this;
    calls.give("load", loadedNew());
    const effect = <Input>(run: (input: Input) => void) =>
      fromPromise<void, Input>(async ({ input }) => run(input));
    const child = childMachine.provide({
      actors: {
        initiate: effect<InitiateOrder>(({ connectionName, names }) =>
          charon.initiate(connectionName, names),
        ),
        terminate: effect(({ uniqueIds }) => charon.terminate(uniqueIds)),
        rekey: calls.actor("rekey"),
      },
    });
    const path = pathMachine.provide({
      actors: {
        child,
        load: calls.actor("load"),
        initiateIke: effect(({ connectionName }) => charon.initiate(connectionName, [])),
        terminateIke: effect(({ uniqueIds }) => charon.terminate(uniqueIds)),
        endSurplus: calls.actor("endSurplus"),
        withdrawKey: calls.actor("withdrawKey"),
        unload: calls.actor("unload"),
      },
    });
    const gatewayActor = gatewayWith(calls);
    const machine = connectionMachine.provide({
      actors: { path, gateway: gatewayActor, floating: floatingWith(this) },
    });
    const keys = { main: key, backup: key };
    const input = { connection, endpoints: noEndpoints, charonReady: false, keys };
    const actor = createActor(machine, { clock, input });
    actor.on("path.switched", ({ from, to, cause }: PathSwitched) => {
      this.switches.push(`${from} ${to} ${cause}`);
    });
    actor.start();
    actor.send({ type: "charon.ready" });
    const endpoints = new Map([["child-2", { gateway, workers: [] }]]);
    actor.send({ type: "endpoints.changed", endpoints });
    this.actor = actor;
    this.startedAt = clock.now();
    this.#listed = undefined;
    this.#isComplete = false;
    this.missed.clear();
  }

  stop(): void {
    this.actor?.stop();
    this.actor = undefined;
  }

  /** Sends charon's list of SAs if it has changed. */
  list(): void {
    const { actor, charon } = this;
    if (actor === undefined || this.#listed === charon.sas) return;
    this.#listed = charon.sas;
    for (const { path, connection } of pathConnections(this.connection)) {
      const ikeSas = charon.sas.filter((sa) => sa.connection === connection.name);
      actor.send({ type: "sas.listed", path, ikeSas });
    }
    if (!this.#isComplete) actor.send({ type: "sas.complete" });
    this.#isComplete = true;
  }
}

/** Two agents and the exchange of beats between them, in simulated time. */
export class NodesHarness {
  readonly clock = new SimulatedClock();
  readonly first: AgentOfNode;
  readonly second: AgentOfNode;
  /** Whether beats pass between the nodes. */
  linked = true;
  /** How long the traffic of the workers did not pass; milliseconds. */
  outage = 0;
  /** The gateway to which the workers send: the one that announced itself last. */
  #towards: AgentOfNode | undefined;
  readonly #announced = new Map<AgentOfNode, { count: number; at: number }>();

  constructor(standby = "warm", spec: object = {}) {
    this.first = new AgentOfNode("n1", standby, spec);
    this.second = new AgentOfNode("n2", standby, spec);
  }

  get agents(): AgentOfNode[] {
    return [this.first, this.second];
  }

  /** The nodes that have the floating address. */
  get holding(): string[] {
    return this.agents
      .filter(({ holds, isLost }) => holds && !isLost)
      .map(({ id }) => id.slice("node:".length));
  }

  /** The nodes whose gateways announce themselves, such as `n1`. */
  get announcing(): string[] {
    return this.agents.filter((agent) => agent.announces).map(({ id }) => id.slice("node:".length));
  }

  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += round) {
      this.clock.increment(round);
      await rest();
      for (let turn = 0; turn < 3; turn++) {
        for (const agent of this.agents) agent.list();
        await rest();
      }
      this.#exchange();
      await rest();
      this.#attract();
      if (this.#towards?.passes !== true) this.outage += round;
    }
  }

  /** Has the workers follow a gateway that announces itself, at first or again. */
  #attract(): void {
    const now = this.clock.now();
    for (const agent of this.agents.filter(({ announces }) => announces)) {
      const { announcements: count } = agent;
      const last = this.#announced.get(agent);
      if (last?.count === count && now - last.at < repetition) continue;
      this.#announced.set(agent, { count, at: now });
      this.#towards = agent;
    }
  }

  lose(agent: AgentOfNode): void {
    agent.stop();
    agent.isLost = true;
    agent.holds = false;
    agent.charon.sas = [];
  }

  #exchange(): void {
    const pairs = [
      [this.first, this.second],
      [this.second, this.first],
    ] as const;
    const beats = this.agents.map((agent) => agent.actor && beatOf(agent.context));
    for (const [at, [receiver, sender]] of pairs.entries()) {
      const { actor, missed, startedAt } = receiver;
      const { id: group } = sender;
      if (actor === undefined) continue;
      const beat = this.linked ? beats[1 - at] : undefined;
      const count = beat === undefined ? (missed.get(group) ?? 0) + 1 : 0;
      if (count === 0 && (missed.get(group) ?? 0) >= 3)
        actor.send({ type: "group.present", group });
      missed.set(group, count);
      if (beat !== undefined) actor.send({ type: "beat.heard", group, beat });
      const answers = this.linked && !sender.isLost;
      if (count === 3 && !answers) actor.send({ type: "group.absent", group });
      if (this.clock.now() - startedAt >= (count === 0 ? 1_000 : 3_000))
        actor.send({ type: "peers.known" });
    }
  }
}

async function rest(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await settled();
}

/** Two agents that run for a while: the path main of the first one is active. */
export async function running(standby?: string): Promise<NodesHarness> {
  const nodes = new NodesHarness(standby);
  for (const agent of nodes.agents) agent.start(nodes.clock);
  await nodes.pass(10_000);
  assert.deepEqual(nodes.announcing, ["n1"]);
  nodes.outage = 0;
  return nodes;
}

/** The active path and the epoch of each agent. */
export function actives({ agents }: NodesHarness): string[] {
  return agents.map(({ context: { active, choice } }) => `${active} ${choice.epoch}`);
}
