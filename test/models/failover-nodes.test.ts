import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hold, minute, second } from "./failover-harness.ts";
import { absent, epochOf, following, heard, leading } from "./failover-nodes-harness.ts";

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
    failover.up("b");
    failover.ready("b");
    absent(failover, "b");
    failover.down("a");
    assert.deepEqual(failover.decided(), []);
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

  it("claims ten seconds after the agent that leads has started again and does not lead", () => {
    const failover = following("b", "a");
    failover.send(heard(5, "a", { leading: false }));
    assert.equal(failover.state, "following.awaiting");
    failover.pass(10 * second, 100);
    assert.deepEqual(failover.decided(), ["b: lost"]);
    const other = following("b", "a");
    other.send(heard(0, "a", { leading: false, cause: "start" }));
    other.send(heard(5, "a"));
    other.pass(minute, 100);
    assert.deepEqual(other.decided(), []);
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
