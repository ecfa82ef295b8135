import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minute, second } from "./failover-harness.ts";
import { absent, epochOf, following, heard } from "./failover-nodes-harness.ts";
import { NodesWorld, slice } from "./nodes-world.ts";

/** The time until an agent claims the path of an absent group, which then takes it back. */
function claim(failover: ReturnType<typeof following>): number {
  const begin = failover.now;
  absent(failover, "a");
  while (failover.snapshot.context.active !== "b" && failover.now - begin < 2 * minute)
    failover.pass(500);
  failover.send({ type: "path.present", path: "a" });
  failover.send(heard(epochOf(failover) + 1, "a"));
  return (failover.now - begin) / second;
}

describe("an agent that claims", () => {
  it("pauses ever longer while another agent takes the path back, until that ends for long", () => {
    const failover = following("b", "a");
    const pauses = Array.from({ length: 7 }, () => claim(failover));
    assert.deepEqual(pauses, [0.5, 5, 10, 20, 40, 60, 60]);
    failover.pass(10 * minute);
    assert.deepEqual([claim(failover), claim(failover)], [0.5, 5]);
  });

  it("has the longest pause for as long as it claims in every minute", () => {
    const failover = following("b", "a");
    const pauses = Array.from({ length: 30 }, () => claim(failover)).slice(5);
    assert.deepEqual([...new Set(pauses)], [60]);
  });

  it("does not pause if its last claim was long ago", () => {
    const failover = following("b", "a");
    claim(failover);
    failover.pass(minute);
    assert.equal(claim(failover), 0.5);
  });
});

describe("two agents that do not hear each other", () => {
  const decided = (world: NodesWorld) =>
    Math.max(...world.agents.map(({ decision }) => decision?.epoch ?? 0));
  const pass = (world: NodesWorld, milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += slice) world.step();
  };
  const paths = [
    { name: "a", node: "n1", warm: true },
    { name: "b", node: "n2", warm: true },
  ];

  it("do not take the traffic from each other all the time while a third one hears both", () => {
    const third = { name: "c", node: "n3", warm: true };
    const world = new NodesWorld({ paths: [...paths, third], holdSeconds: 300 });
    pass(world, 20 * second);
    world.setLink("n1", "n2", false);
    pass(world, 5 * minute);
    assert.ok(decided(world) <= 20, `${decided(world)} decisions in 5 minutes`);
    world.setLink("n1", "n2", true);
    pass(world, second);
    const active = new Set(world.agents.map(({ decision }) => decision?.active));
    assert.equal(active.size, 1);
  });

  it("do not move the traffic with every cut of a link that flaps", () => {
    const world = new NodesWorld({ paths, holdSeconds: 300 });
    pass(world, 20 * second);
    for (let cut = 0; cut < 300; cut += 1) {
      world.setLink("n1", "n2", cut % 2 === 1);
      pass(world, 500);
    }
    assert.ok(decided(world) <= 15, `${decided(world)} decisions in 150 seconds`);
  });
});
