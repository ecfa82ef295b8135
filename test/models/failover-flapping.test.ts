import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { second } from "./failover-harness.ts";
import { flappingPeriods } from "../../lab/sites/flapping.ts";
import { NodesWorld, slice } from "./nodes-world.ts";

const holdSeconds = 10;
const hour = 3_600;
/** The longest outage of a loss: a second of grace, and a dial. */
const takeoverMs = 2 * second;
const periods = { seconds: hour, shortestMs: 500 };

/** A world at rest, with a path on each of two nodes. */
function twoNodes(): NodesWorld {
  const paths = [
    { name: "a", node: "n1", warm: true },
    { name: "b", node: "n2", warm: true },
  ];
  const world = new NodesWorld({ paths, holdSeconds });
  pass(world, 60 * second);
  return world;
}

interface Passed {
  /** The path of the leading agent of the highest epoch, each time that it changed. */
  readonly switches: readonly string[];
  /** Milliseconds without traffic. */
  readonly outage: number;
}

/** The path that carries the traffic: that of the latest decision of a leading agent. */
function carrying(world: NodesWorld): string | undefined {
  const [latest] = world.leaders
    .map(({ decision }) => decision)
    .toSorted((one, other) => (other?.epoch ?? 0) - (one?.epoch ?? 0));
  return latest?.active;
}

function pass(world: NodesWorld, milliseconds: number): Passed {
  const switches: string[] = [];
  let outage = 0;
  let before = carrying(world);
  for (let passed = 0; passed < milliseconds; passed += slice) {
    world.step();
    if (!world.isHealthy) outage += slice;
    const now = carrying(world) ?? before;
    if (now !== before) switches.push(`${world.now} ${now}`);
    before = now;
  }
  return { switches, outage };
}

/** Cuts something and repairs it in turn. */
function flap(
  world: NodesWorld,
  periodsMs: readonly number[],
  set: (works: boolean) => void,
): Passed {
  const switches: string[] = [];
  let outage = 0;
  for (const [at, periodMs] of periodsMs.entries()) {
    set(at % 2 === 1);
    const passed = pass(world, periodMs);
    switches.push(...passed.switches);
    outage += passed.outage;
  }
  set(true);
  return { switches, outage };
}

/** So many holds, each twice as long as the one before up to 64 times, fit into an hour. */
function mostReturns(): number {
  let returns = 0;
  for (let left = hour; left >= 0; returns += 1) left -= holdSeconds * 2 ** Math.min(returns, 6);
  return returns - 1;
}

/** So many claims of one agent fit into an hour: a minute apart after the first five. */
const mostClaims = 5 + Math.floor((hour - (5 + 10 + 20 + 40)) / 60);

describe("in an hour in which a link flaps", () => {
  const seeds = [1, 2];

  it("the traffic leaves the flapping path, and returns to it after ever longer holds", () => {
    const most = 2 * mostReturns() + 1;
    for (const longestMs of [3_000, 20_000, 100_000])
      for (const seed of seeds) {
        const world = twoNodes();
        const set = (works: boolean) =>
          world.setPeer(world.path("a"), works ? "answers" : "keeps silent");
        const { switches, outage } = flap(
          world,
          flappingPeriods(seed, { ...periods, longestMs }),
          set,
        );
        const seen = `${longestMs} ${seed}: ${switches.join(", ")}; ${outage} ms`;
        assert.ok(switches.length <= most, seen);
        assert.ok(outage <= switches.length * takeoverMs, seen);
        pass(world, (64 * holdSeconds + 15) * second);
        assert.equal(carrying(world), "a", `the path is stable: ${seen}`);
      }
  });

  it("agents on both its ends claim the traffic ever less often", () => {
    for (const longestMs of [3_000, 20_000, 100_000])
      for (const seed of seeds) {
        const world = twoNodes();
        const set = (works: boolean) => world.setLink("n1", "n2", works);
        const { switches, outage } = flap(
          world,
          flappingPeriods(seed, { ...periods, longestMs }),
          set,
        );
        const seen = `${longestMs} ${seed}: ${switches.length} switches; ${outage} ms`;
        assert.ok(switches.length <= 2 * mostClaims + mostReturns(), seen);
        assert.ok(outage <= second, seen);
        pass(world, second);
        const active = new Set(world.agents.map(({ decision }) => decision?.active));
        assert.equal(active.size, 1, seen);
      }
  });
});
