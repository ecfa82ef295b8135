import { SimulatedClock } from "xstate";
import { failoverMachine } from "../../src/machines/failover/failover.ts";
import type { ConnectionBeat } from "../../src/model/beats/beat.ts";
import { FailoverHarness, second } from "./failover-harness.ts";
import { NodeOfWorld, type PathOfWorld, type Peer, type Peering } from "./nodes-world-parts.ts";

/** Between two steps of this world; milliseconds. */
export const slice = 100;

/** The time of a dial, of three missing beats, and before the SAs of a path that was left end. */
const dialMs = 200;
const missedMs = 300;
const partingMs = 1_000;

/** After so long without a beat an agent counts as absent, even if its node answers. */
const hungMs = 30_000;

export interface WorldOptions {
  readonly paths: readonly {
    readonly name: string;
    readonly node: string;
    readonly warm: boolean;
  }[];
  readonly holdSeconds: number;
}

/** Nodes, the links between them, and the peers of their paths, around the actors that choose. */
export class NodesWorld {
  readonly nodes = new Map<string, NodeOfWorld>();
  readonly paths: readonly PathOfWorld[];
  readonly #cut = new Set<string>();
  readonly #clock = new SimulatedClock();
  readonly #holdSeconds: number;

  constructor({ paths, holdSeconds }: WorldOptions) {
    this.#holdSeconds = holdSeconds;
    this.paths = paths.map((path) => ({
      ...path,
      peer: "answers",
      sa: "none",
      chosenSince: undefined,
      leftAt: 0,
      failed: false,
    }));
    for (const { node } of paths)
      if (!this.nodes.has(node)) this.nodes.set(node, new NodeOfWorld(node));
    for (const node of this.nodes.values()) this.startAgent(node);
  }

  get now(): number {
    return this.#clock.now();
  }

  /** The agents that run, on nodes that do. */
  get agents(): NodeOfWorld[] {
    return [...this.nodes.values()].filter(({ alive, agent }) => alive && agent !== undefined);
  }

  /** The agents that lead: their gateways announce themselves. */
  get leaders(): NodeOfWorld[] {
    return this.agents.filter(
      ({ name, decision }) => decision !== undefined && this.path(decision.active).node === name,
    );
  }

  /** Whether traffic passes: by a gateway that announced itself, also while its agent does not run. */
  get isHealthy(): boolean {
    return [...this.nodes.values()].some(({ alive, name, decision }) => {
      const active = decision && this.path(decision.active);
      return alive && active?.node === name && active.sa === "child" && active.peer === "answers";
    });
  }

  /** Whether a path could carry traffic, were it dialled. */
  isUsable({ node, peer }: PathOfWorld): boolean {
    const { alive, agent, charonRuns } = this.node(node);
    return alive && agent !== undefined && charonRuns && peer === "answers";
  }

  path(name: string): PathOfWorld {
    return this.paths.find((path) => path.name === name) as PathOfWorld;
  }

  node(name: string): NodeOfWorld {
    return this.nodes.get(name) as NodeOfWorld;
  }

  startAgent(node: NodeOfWorld): void {
    const names = this.paths.map(({ name }) => name);
    const input = {
      paths: names,
      warm: this.paths.filter(({ warm }) => warm).map(({ name }) => name),
      settings: { holdSeconds: this.#holdSeconds, failback: "planned" },
      up: [],
      charonReady: false,
      here: this.#pathsOf(node).map(({ name }) => name),
    } as const;
    node.agent = new FailoverHarness(input, failoverMachine, this.#clock);
    node.decision = undefined;
    node.startedAt = this.now;
    node.isReady = false;
    node.knowsPeers = false;
    node.known.up.clear();
    node.known.ready.clear();
    node.known.leaving.clear();
    for (const { name } of this.nodes.values())
      if (name !== node.name)
        node.peerings.set(name, { heardAt: this.now, absent: false, last: undefined });
  }

  /** Ends an agent; the kernel and charon carry the traffic on. */
  stopAgent(node: NodeOfWorld): void {
    node.agent?.stop();
    node.agent = undefined;
  }

  stopNode(node: NodeOfWorld): void {
    this.stopAgent(node);
    node.alive = false;
    node.decision = undefined;
    this.#loseSas(node);
  }

  startNode(node: NodeOfWorld): void {
    if (node.alive) return;
    node.alive = true;
    node.charonRuns = true;
    this.startAgent(node);
  }

  stopCharon(node: NodeOfWorld): void {
    node.charonRuns = false;
  }

  /** Another charon has none of the SAs of the former one. */
  startCharon(node: NodeOfWorld): void {
    if (node.charonRuns) return;
    node.charonRuns = true;
    this.#loseSas(node);
  }

  setPeer(path: PathOfWorld, peer: Peer): void {
    path.peer = peer;
    if (peer !== "answers") path.sa = "none";
  }

  setLink(one: string, other: string, works: boolean): void {
    const link = [one, other].toSorted().join("-");
    if (works) this.#cut.delete(link);
    else this.#cut.add(link);
  }

  move(path: string): void {
    for (const { agent } of this.agents) agent?.send({ type: "move", path });
  }

  /** Removes every fault. */
  heal(): void {
    this.#cut.clear();
    for (const node of this.nodes.values()) {
      this.startNode(node);
      this.startCharon(node);
      node.cordoned = false;
      if (node.agent === undefined) this.startAgent(node);
    }
    for (const path of this.paths) this.setPeer(path, "answers");
  }

  /** Passes one slice of time. */
  step(): void {
    this.#clock.increment(slice);
    for (const node of this.agents) this.#note(node);
    for (const path of this.paths) this.#dial(path);
    for (const node of this.agents) this.#reportOwn(node);
    const beats = new Map(this.agents.map((node) => [node.name, this.#beatOf(node)]));
    for (const node of this.agents) this.#hear(node, beats);
    for (const node of this.agents) this.#note(node);
  }

  #note(node: NodeOfWorld): void {
    node.decision = node.agent?.decisions.splice(0).at(-1) ?? node.decision;
  }

  #pathsOf({ name }: NodeOfWorld): PathOfWorld[] {
    return this.paths.filter(({ node }) => node === name);
  }

  #loseSas(node: NodeOfWorld): void {
    for (const path of this.#pathsOf(node)) path.sa = "none";
  }

  #dial(path: PathOfWorld): void {
    const { alive, agent, charonRuns, decision } = this.node(path.node);
    if (!alive || agent === undefined || !charonRuns || decision === undefined) return;
    const isChosen = [decision.active, decision.dialled].includes(path.name);
    if (isChosen && decision.waits !== true) {
      path.chosenSince ??= this.now;
      path.leftAt = this.now;
    } else path.chosenSince = undefined;
    const isDue = path.chosenSince !== undefined && this.now - path.chosenSince >= dialMs;
    if (path.peer === "answers" && path.sa === "none" && (path.warm || isDue)) path.sa = "ike";
    if (path.peer === "answers" && isDue) path.sa = "child";
    const isLeft = path.chosenSince === undefined && this.now - path.leftAt >= partingMs;
    if (isLeft && path.sa === "child") path.sa = path.warm ? "ike" : "none";
    path.failed = isDue && path.peer === "refuses";
    if (path.failed && this.now % 500 < slice) agent.failed(path.name);
  }

  #reportOwn(node: NodeOfWorld): void {
    const agent = node.agent as FailoverHarness;
    const own = this.#pathsOf(node);
    const ofKind = (...kinds: string[]) =>
      node.charonRuns ? own.filter(({ sa }) => kinds.includes(sa)).map(({ name }) => name) : [];
    if (!node.charonRuns && node.isReady) agent.send({ type: "charon.lost" });
    this.#report(node, own, ofKind("child"), ofKind("ike", "child"));
    this.#reportLeaving(node, own, node.cordoned);
    if (node.charonRuns && !node.isReady) agent.send({ type: "charon.ready" });
    node.isReady = node.charonRuns;
  }

  /** Reports the differences between the facts about paths and those that the actor knows. */
  #report(
    { agent, known }: NodeOfWorld,
    paths: readonly Pick<PathOfWorld, "name">[],
    up: readonly string[],
    ready: readonly string[],
  ): void {
    for (const { name: path } of paths) {
      const report = (set: Set<string>, now: boolean, came: "path.up" | "path.ready") => {
        if (now === set.has(path)) return;
        if (now) set.add(path);
        else set.delete(path);
        const went = came === "path.up" ? "path.down" : "path.unready";
        agent?.send({ type: now ? came : went, path });
      };
      report(known.ready, ready.includes(path), "path.ready");
      report(known.up, up.includes(path), "path.up");
    }
  }

  /** Reports whether the node of paths was cordoned, if the actor does not know it. */
  #reportLeaving(
    { agent, known }: NodeOfWorld,
    paths: readonly Pick<PathOfWorld, "name">[],
    leaves: boolean,
  ): void {
    for (const { name: path } of paths) {
      if (leaves === known.leaving.has(path)) continue;
      if (leaves) known.leaving.add(path);
      else known.leaving.delete(path);
      agent?.send({ type: leaves ? "path.leaves" : "path.stays", path });
    }
  }

  #beatOf(node: NodeOfWorld): ConnectionBeat {
    const { name, decision, known } = node;
    const { active = this.paths[0]?.name as string, dialled, cause = "start" } = decision ?? {};
    const epoch = decision?.epoch ?? 0;
    const paths = this.#pathsOf(node).map(({ name: path, failed }) => ({
      path,
      failed,
      up: known.up.has(path),
      ready: known.ready.has(path),
    }));
    const leading = epoch > 0 && this.path(active).node === name;
    const leaving = node.cordoned;
    return { connection: "site", epoch, active, dialled, cause, leading, leaving, paths };
  }

  #isLinked(one: string, other: string): boolean {
    return !this.#cut.has([one, other].toSorted().join("-")) && this.node(other).alive;
  }

  #hear(node: NodeOfWorld, beats: ReadonlyMap<string, ConnectionBeat>): void {
    for (const [other, peering] of node.peerings) {
      const beat = this.#isLinked(node.name, other) ? beats.get(other) : undefined;
      if (beat !== undefined) {
        peering.heardAt = this.now;
        this.#setAbsent(node, other, peering, false);
        this.#take(node, beat, peering);
      } else {
        const silentMs = this.now - peering.heardAt;
        const answers = this.#isLinked(node.name, other) && silentMs < hungMs;
        if (silentMs >= missedMs && !answers) this.#setAbsent(node, other, peering, true);
      }
    }
    if (node.knowsPeers) return;
    const age = this.now - node.startedAt;
    const isHeard = [...node.peerings.values()].every(({ last }) => last !== undefined);
    if (age < (isHeard ? second : 3 * second)) return;
    node.knowsPeers = true;
    node.agent?.send({ type: "peers.known" });
  }

  #setAbsent(node: NodeOfWorld, other: string, peering: Peering, absent: boolean): void {
    if (peering.absent === absent) return;
    peering.absent = absent;
    peering.last = undefined;
    const paths = this.#pathsOf(this.node(other));
    for (const { name: path } of paths)
      node.agent?.send({ type: absent ? "path.absent" : "path.present", path });
    if (!absent) return;
    this.#report(node, paths, [], []);
    this.#reportLeaving(node, paths, false);
  }

  #take(node: NodeOfWorld, beat: ConnectionBeat, peering: Peering): void {
    if (JSON.stringify(beat) === JSON.stringify(peering.last)) return;
    const { epoch, active, dialled, cause, leading } = beat;
    const of = (kind: "up" | "ready" | "failed", { paths }: Pick<ConnectionBeat, "paths">) =>
      paths.filter((path) => path[kind]).map(({ path }) => path);
    const before = peering.last;
    const fell = of("failed", beat).filter(
      (path) => !before || !of("failed", before).includes(path),
    );
    peering.last = beat;
    for (const path of fell) node.agent?.failed(path);
    const from = beat.paths.map(({ path }) => path);
    const named = from.map((name) => ({ name }));
    this.#reportLeaving(node, named, beat.leaving);
    this.#report(node, named, of("up", beat), of("ready", beat));
    node.agent?.send({
      type: "decision.heard",
      epoch,
      active,
      dialled,
      cause,
      leading,
      from,
    });
  }
}
