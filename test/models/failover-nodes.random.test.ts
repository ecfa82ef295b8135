import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { second } from "./failover-harness.ts";
import type { Peer } from "./nodes-world-parts.ts";
import { NodesWorld, slice, type WorldOptions } from "./nodes-world.ts";

const nodes = ["n1", "n2", "n3"] as const;
const names = ["a", "b", "c", "d"] as const;

/**
 * The longest time without traffic while a path is usable all the time: a turn of each other path in
 * the slowest circle, and then the time for an agent that was not heard.
 */
const longestOutageMs = (names.length * 60 + 30) * second;

/** The longest time until one agent leads and all agree, after the last fault is repaired. */
const agreementMs = 30 * second;

/** The longest outage after one fault in a world without others, while a path stands by warm. */
const takeoverMs = 2 * second;

type Command =
  | {
      readonly kind: "node" | "agent" | "charon" | "cordon";
      readonly node: string;
      readonly works: boolean;
    }
  | { readonly kind: "link"; readonly ends: readonly string[]; readonly works: boolean }
  | { readonly kind: "peer"; readonly path: string; readonly peer: Peer }
  | { readonly kind: "move"; readonly path: string }
  | { readonly kind: "heal" }
  | { readonly kind: "passes"; readonly seconds: number };

/** A world in which every step checks the invariants. */
class CheckedWorld {
  readonly world: NodesWorld;
  #healthyAt = 0;
  /** Since when some path could have carried the traffic all the time. */
  readonly #usableSince = new Map<string, number>();

  constructor(options: WorldOptions) {
    this.world = new NodesWorld(options);
  }

  run(command: Command): void {
    const { world } = this;
    if (command.kind === "passes") return this.pass(command.seconds * second);
    if (command.kind === "heal") return world.heal();
    if (command.kind === "move") {
      if (world.paths.some(({ name }) => name === command.path)) world.move(command.path);
      return undefined;
    }
    if (command.kind === "peer") {
      const path = world.paths.find(({ name }) => name === command.path);
      return path && world.setPeer(path, command.peer);
    }
    if (command.kind === "link") {
      const [one = "", other = ""] = command.ends;
      return world.setLink(one, other, command.works);
    }
    const node = world.nodes.get(command.node);
    if (node === undefined) return undefined;
    if (command.kind === "node")
      return command.works ? world.startNode(node) : world.stopNode(node);
    if (command.kind === "cordon") return void (node.cordoned = !command.works);
    if (!node.alive) return undefined;
    if (command.kind === "charon")
      return command.works ? world.startCharon(node) : world.stopCharon(node);
    if (!command.works) return world.stopAgent(node);
    return node.agent === undefined ? world.startAgent(node) : undefined;
  }

  pass(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += slice) {
      this.world.step();
      this.#check();
    }
  }

  /** Passes time until a condition holds; returns how long it took. */
  passUntil(holds: () => boolean, limitMs: number): number {
    const begin = this.world.now;
    while (!holds() && this.world.now - begin < limitMs) this.pass(slice);
    return this.world.now - begin;
  }

  get isAgreed(): boolean {
    const { agents, leaders, isHealthy } = this.world;
    const decided = new Set(agents.map(({ decision }) => `${decision?.epoch} ${decision?.active}`));
    return isHealthy && leaders.length === 1 && decided.size === 1;
  }

  #check(): void {
    const { world } = this;
    const { now } = world;
    if (world.isHealthy) this.#healthyAt = now;
    for (const path of world.paths) {
      if (!world.isUsable(path)) this.#usableSince.delete(path.name);
      else if (!this.#usableSince.has(path.name)) this.#usableSince.set(path.name, now);
    }
    const since = Math.max(this.#healthyAt, Math.min(now, ...this.#usableSince.values()));
    assert.ok(now - since <= longestOutageMs, `no traffic since ${since} at ${now}`);
  }
}

const node = fc.constantFrom(...nodes);
const path = fc.constantFrom(...names);
const works = fc.boolean();

const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("passes" as const),
      seconds: fc.oneof(
        fc.constantFrom(0.1, 0.3, 0.5, 1, 2),
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 15, max: 90 }),
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("node", "agent", "charon", "cordon" as const),
      node,
      works,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("link" as const),
      ends: fc.shuffledSubarray([...nodes], { minLength: 2, maxLength: 2 }),
      works,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("peer" as const),
      path,
      peer: fc.constantFrom<Peer>("answers", "answers", "refuses", "keeps silent"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("move" as const), path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("heal" as const) }) },
);

const options: fc.Arbitrary<WorldOptions> = fc.record({
  paths: fc
    .tuple(
      fc.shuffledSubarray([...names], { minLength: 2 }),
      fc.array(fc.record({ node, warm: works }), { minLength: 4, maxLength: 4 }),
    )
    .map(([paths, places]) =>
      paths.map((name, at) => {
        const { node: place, warm } = places[at] ?? { node: "n1", warm: true };
        // At least two nodes have paths.
        return { name, warm, node: at === 0 ? "n1" : at === 1 ? "n2" : place };
      }),
    ),
  holdSeconds: fc.integer({ min: 1, max: 5 }),
});

describe("after any sequence of losses of nodes, agents, charons, links and peers, and of cordons", () => {
  it("agents on three nodes agree on one healthy path, and survive the loss of its node", () => {
    const runs = fc.tuple(
      options,
      fc.array(commands, { maxLength: 40, size: "max" }),
      fc.constantFrom("node", "peer", "link", "cordon"),
    );
    fc.assert(
      fc.property(runs, ([start, sequence, fault]) => {
        const checked = new CheckedWorld(start);
        const { world } = checked;
        for (const command of sequence) checked.run(command);
        world.heal();
        const healing = checked.passUntil(() => checked.isAgreed, longestOutageMs);
        assert.ok(checked.isAgreed, `no agreement ${healing} ms after the last repair`);
        checked.pass(agreementMs);
        assert.ok(checked.isAgreed, "the agreement did not last");
        // The longest hold, in which no other fault happens.
        checked.pass(64 * start.holdSeconds * second + 15 * second);
        const [preferred] = start.paths;
        const [leader] = world.leaders;
        assert.equal(leader?.decision?.active, preferred?.name, "the preferred path is not active");
        checked.pass(60 * second);
        const active = world.path(preferred?.name as string);
        const standbys = world.paths.filter(({ node: at, warm }) => warm && at !== active.node);
        if (fault === "cordon") {
          world.node(active.node).cordoned = true;
          let lost = 0;
          const hasLeft = () => world.leaders.every(({ name }) => name !== active.node);
          for (let passed = 0; passed < takeoverMs; passed += slice) {
            checked.pass(slice);
            if (!world.isHealthy) lost += slice;
          }
          if (standbys.length > 0) assert.ok(hasLeft() && lost === 0, `cordon: ${lost} ms lost`);
          return;
        }
        if (fault === "node") world.stopNode(world.node(active.node));
        else if (fault === "peer") world.setPeer(active, "keeps silent");
        else for (const other of nodes) world.setLink(active.node, other, false);
        checked.pass(slice);
        const outage = checked.passUntil(() => world.isHealthy, longestOutageMs);
        if (standbys.length > 0) assert.ok(outage <= takeoverMs, `${fault}: ${outage} ms`);
      }),
      { numRuns: 150 },
    );
  });
});
