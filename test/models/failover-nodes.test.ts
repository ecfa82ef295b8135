import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FailoverInput, HeardDecision } from "../../src/machines/failover/failover-types.ts";
import { FailoverHarness, hold, minute, second } from "./failover-harness.ts";

/** An agent that has the path a, beside b and c of two others. */
const agent = (changes: Partial<FailoverInput> = {}) =>
  new FailoverHarness({ here: ["a"], peersKnown: true, warm: ["a", "b", "c"], ...changes });

const heard = (epoch: number, active: string, changes: Partial<HeardDecision> = {}) =>
  ({
    type: "decision.heard",
    epoch,
    active,
    dialled: undefined,
    cause: "lost",
    leading: true,
    from: [active],
    ...changes,
  }) as const;

/** The agent of a, which has decided for that path. */
function leading(changes: Partial<FailoverInput> = {}): FailoverHarness {
  const failover = agent({ up: ["a"], ...changes });
  failover.decided();
  return failover;
}

/** An agent that follows one that leads with another path. */
function following(here: string, active: string, epoch = 5): FailoverHarness {
  const failover = agent({ here: [here] });
  failover.send(heard(epoch, active));
  failover.decided();
  return failover;
}

const absent = (failover: FailoverHarness, ...paths: readonly string[]) => {
  for (const path of paths) failover.send({ type: "path.absent", path });
};

const epochOf = (failover: FailoverHarness) => failover.snapshot.context.epoch;

describe("an agent that starts beside others", () => {
  it("decides nothing until the others are known, and a second more", () => {
    const failover = agent({ peersKnown: false });
    failover.pass(minute);
    assert.equal(failover.state, "listening.gathering");
    failover.send({ type: "peers.known" });
    failover.pass(second - 500);
    assert.deepEqual(failover.decided(), []);
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["a: start"]);
    assert.deepEqual([failover.state, epochOf(failover)], ["dialling", 1]);
  });

  it("takes the decision of another agent at once", () => {
    const failover = agent({ peersKnown: false });
    failover.send(heard(4, "b"));
    assert.deepEqual(failover.decided(), ["b: lost"]);
    assert.deepEqual([failover.state, epochOf(failover)], ["following.trusting", 4]);
  });

  it("goes on with its own path if the others have that decision, whether it is up or not", () => {
    for (const isUp of [true, false]) {
      const failover = agent({ peersKnown: false });
      if (isUp) failover.up("a");
      failover.send(heard(4, "a", { leading: false, from: ["b"] }));
      assert.equal(failover.state, isUp ? "steady.preferred" : "dialling");
      assert.equal(epochOf(failover), 4);
    }
  });

  it("goes on with the path that is up if the others have no decision", () => {
    const failover = agent({ here: ["b"] });
    failover.up("b");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: start"]);
  });

  it("leaves the first decision to the agent whose path is up", () => {
    const failover = agent();
    failover.up("b");
    failover.pass(second);
    assert.deepEqual([failover.decided(), epochOf(failover)], [["a: start"], 0]);
    failover.send(heard(1, "b", { cause: "start" }));
    assert.deepEqual(failover.decided(), ["b: start"]);
  });

  it("claims the connection ten seconds later if the agent of the preferred path does not lead", () => {
    const failover = agent({ here: ["b"] });
    failover.pass(second);
    assert.equal(failover.state, "following.awaiting");
    failover.pass(10 * second, 100);
    assert.deepEqual(failover.decided(), ["a: start", "b: lost"]);
  });
});

describe("an agent that leads", () => {
  it("hands over to a path elsewhere with a higher epoch", () => {
    const failover = leading();
    failover.ready("b");
    failover.down("a");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
    assert.deepEqual([failover.state, epochOf(failover)], ["following.awaiting", 2]);
    failover.send(heard(2, "b"));
    assert.equal(failover.state, "following.trusting");
  });

  it("takes the path back if the other agent does not lead within a second", () => {
    const failover = leading();
    failover.down("a");
    failover.pass(second);
    failover.send(heard(1, "a", { leading: false, from: ["b"] }));
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost", "c: failed"]);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["a: failed"]);
    assert.deepEqual([failover.state, epochOf(failover)], ["dialling", 4]);
  });

  it("passes over the paths of absent groups", () => {
    const failover = leading();
    absent(failover, "b");
    failover.down("a");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["c: lost"]);
  });

  it("stays with its path while all others are absent", () => {
    const failover = leading();
    absent(failover, "b", "c");
    failover.down("a");
    failover.pass(minute);
    assert.equal(failover.snapshot.context.active, "a");
    assert.equal(failover.state, "dialling");
  });

  it("moves to a path elsewhere once its agent has it up", () => {
    const failover = leading();
    failover.send({ type: "move", path: "b" });
    assert.deepEqual([failover.decided(), epochOf(failover)], [["a, dials b: move"], 1]);
    failover.up("b");
    assert.deepEqual([failover.decided(), epochOf(failover)], [["b: move"], 2]);
  });

  it("does not move to a path of an absent group, and abandons the move if it becomes absent", () => {
    const failover = leading();
    absent(failover, "b");
    failover.send({ type: "move", path: "b" });
    assert.deepEqual(failover.decided(), []);
    failover.send({ type: "move", path: "c" });
    absent(failover, "c");
    assert.deepEqual(failover.decided(), ["a, dials c: move", "a: abandoned"]);
  });

  it("awaits the preferred path of an absent group before the hold", () => {
    const failover = leading({ here: ["b"], up: ["b"], warm: [] });
    absent(failover, "a");
    failover.pass(2 * hold);
    assert.deepEqual([failover.decided(), failover.state], [[], "steady.awaiting"]);
    failover.send({ type: "path.present", path: "a" });
    failover.pass(hold);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
  });

  it("steps down for a higher epoch, and for a path of lower rank with the same one", () => {
    for (const [epoch, active, isTaken] of [
      [7, "c", true],
      [1, "a", true],
      [1, "c", false],
      [0, "a", false],
    ] as const) {
      const failover = leading({ here: ["b"], up: ["b"] });
      failover.send(heard(epoch, active));
      assert.equal(failover.snapshot.context.active, isTaken ? active : "b", `${epoch} ${active}`);
    }
  });

  it("hands over to a path with an IKE SA if charon does not return for ten seconds", () => {
    const failover = leading();
    failover.send({ type: "charon.lost" });
    failover.pass(20 * second);
    assert.deepEqual(failover.decided(), []);
    failover.ready("b");
    assert.deepEqual(failover.decided(), ["b: lost"]);
    assert.equal(failover.decisions.length, 0);
    failover.send({ type: "charon.ready" });
    assert.equal(failover.state, "following.awaiting");
  });

  it("keeps charon's SAs of other groups when charon here is lost", () => {
    const failover = leading();
    failover.ready("a", "b");
    failover.send({ type: "charon.lost" });
    assert.deepEqual(failover.snapshot.context.ready, ["b"]);
  });
});

describe("an agent that follows", () => {
  it("claims the active path of an absent group, the one with the better path first", () => {
    for (const [here, wait] of [
      ["b", 0],
      ["c", 150],
    ] as const) {
      const failover = following(here, "a");
      failover.ready("b", "c");
      absent(failover, "a");
      if (wait > 0) failover.pass(wait - 50, 50);
      assert.deepEqual(failover.decided(), []);
      failover.pass(50, 50);
      assert.deepEqual([here, failover.decided()], [here, [`${here}: lost`]]);
      assert.equal(epochOf(failover), 6);
    }
  });

  it("claims before an agent with a better rank whose path has no IKE SA", () => {
    const failover = following("c", "a");
    failover.ready("c");
    absent(failover, "a");
    failover.pass(50, 50);
    assert.deepEqual(failover.decided(), ["c: lost"]);
  });

  it("claims nothing if the group is heard again, or another agent has claimed", () => {
    const failover = following("c", "a");
    failover.ready("b", "c");
    absent(failover, "a");
    failover.pass(100, 50);
    failover.send({ type: "path.present", path: "a" });
    failover.pass(second, 50);
    assert.deepEqual(failover.decided(), []);
    absent(failover, "a");
    failover.send(heard(6, "b"));
    failover.pass(second, 50);
    assert.deepEqual([failover.decided(), failover.state], [["b: lost"], "following.trusting"]);
  });

  it("has the path dialled that the agent that leads names, and no other", () => {
    const failover = following("b", "a");
    failover.send(heard(5, "a", { dialled: "b", cause: "move" }));
    assert.deepEqual(failover.decided(), ["a, dials b: move"]);
    failover.send(heard(5, "a", { dialled: "c", from: ["c"] }));
    failover.send(heard(4, "a", { dialled: "c" }));
    assert.deepEqual(failover.decided(), []);
    failover.up("b");
    assert.deepEqual(failover.decided(), []);
    failover.send(heard(6, "b", { from: ["a"], cause: "move" }));
    assert.deepEqual([failover.decided(), failover.state], [["b: move"], "steady.awaiting"]);
  });

  it("does not decide by itself about a path that it only hears of", () => {
    const failover = following("b", "a");
    failover.up("a", "b");
    failover.send({ type: "path.silent", path: "a" });
    failover.send({ type: "move" });
    failover.down("a");
    failover.pass(hold);
    assert.deepEqual(failover.decided(), []);
  });

  it("counts a failback that did not last, which doubles the hold when it leads", () => {
    const failover = following("b", "b");
    failover.up("b");
    failover.send(heard(6, "a", { cause: "failback", from: ["a"] }));
    failover.pass(minute);
    failover.send(heard(7, "b", { cause: "lost", from: ["a"] }));
    assert.equal(failover.snapshot.context.setbacks, 1);
  });

  it("gives no second turn to paths that others have tried", () => {
    const failover = following("b", "a");
    failover.send(heard(6, "c", { cause: "unreachable" }));
    failover.send(heard(7, "b", { cause: "unreachable" }));
    assert.deepEqual(failover.snapshot.context.tried, ["a", "c"]);
  });

  it("ignores a decision about a path that is not declared here yet", () => {
    const failover = following("b", "a");
    failover.send(heard(9, "x"));
    assert.deepEqual([failover.snapshot.context.active, epochOf(failover)], ["a", 5]);
  });
});

describe("the paths of one group", () => {
  it("become those of several without an effect on the active one", () => {
    const failover = new FailoverHarness({ up: ["b"] });
    failover.decided();
    const { paths, warm, settings } = failover.snapshot.context;
    failover.send({ type: "paths.declared", paths, warm, settings, here: ["b"] });
    assert.deepEqual([failover.decided(), epochOf(failover)], [["b: start"], 1]);
    failover.send({ type: "paths.declared", paths, warm, settings });
    assert.deepEqual([failover.snapshot.context.active, epochOf(failover)], ["b", 0]);
  });

  it("enter none of the states of several groups", () => {
    const failover = new FailoverHarness({ up: ["a"] });
    failover.send(heard(9, "b"));
    absent(failover, "a");
    failover.send({ type: "charon.lost" });
    failover.pass(minute);
    assert.equal(failover.state, "suspended");
    assert.deepEqual(failover.snapshot.context.absent, []);
  });
});
