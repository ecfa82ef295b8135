import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hold, minute, second, type FailoverHarness } from "./failover-harness.ts";
import { absent, epochOf, following, heard, leading } from "./failover-nodes-harness.ts";

const leaves = (failover: FailoverHarness, ...paths: readonly string[]) => {
  for (const path of paths) failover.send({ type: "path.leaves", path });
};
const stays = (failover: FailoverHarness, path: string) =>
  failover.send({ type: "path.stays", path });

describe("an agent that leads and whose group leaves", () => {
  it("has the best path elsewhere brought up beside its own, and moves there", () => {
    const failover = leading();
    failover.ready("a", "c");
    leaves(failover, "a");
    assert.deepEqual([failover.decided(), failover.state], [["a, dials c: drain"], "moving"]);
    assert.equal(epochOf(failover), 1);
    failover.up("c");
    assert.deepEqual([failover.decided(), epochOf(failover)], [["c: drain"], 2]);
    failover.send(heard(2, "c", { cause: "drain" }));
    assert.equal(failover.state, "following.trusting");
  });

  it("moves at once to a path that is up, and else to a cold one rather than to none", () => {
    const hot = leading();
    hot.ready("b", "c");
    hot.up("c");
    leaves(hot, "a");
    assert.deepEqual(hot.decided(), ["c: drain"]);
    const cold = leading({ warm: ["a", "b"] });
    leaves(cold, "a");
    assert.deepEqual(cold.decided(), ["a, dials c: drain"]);
  });

  it("stays while no path elsewhere has an IKE SA, its group is absent, or leaves as well", () => {
    const failover = leading();
    leaves(failover, "a", "b");
    failover.ready("b", "c");
    absent(failover, "c");
    assert.equal(failover.decided().at(-1), "a: abandoned");
    failover.pass(10 * minute);
    assert.deepEqual([failover.decided(), failover.state], [[], "steady.preferred"]);
    stays(failover, "b");
    assert.deepEqual(failover.decided(), ["a, dials b: drain"]);
  });

  it("stays with one group, as if nothing had left", () => {
    const failover = leading({ here: undefined });
    failover.ready("b");
    leaves(failover, "a");
    failover.pass(minute);
    assert.deepEqual(failover.decided(), []);
  });

  it("tries each path elsewhere, and again after a calm time", () => {
    const failover = leading();
    failover.ready("b", "c");
    leaves(failover, "a");
    failover.failed("b");
    assert.deepEqual(failover.decided(), [
      "a, dials b: drain",
      "a: abandoned",
      "a, dials c: drain",
    ]);
    failover.pass(10 * second);
    assert.deepEqual([failover.decided(), failover.state], [["a: abandoned"], "steady.preferred"]);
    failover.pass(29 * second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["a, dials b: drain"]);
  });

  it("leaves a path that it took over for want of a better one, once the other one is ready", () => {
    const failover = following("a", "b");
    failover.ready("a", "b");
    leaves(failover, "a");
    absent(failover, "b");
    failover.pass(second, 50);
    failover.up("a");
    assert.deepEqual(failover.decided(), ["a: lost"]);
    failover.send({ type: "path.present", path: "b" });
    failover.ready("b");
    assert.deepEqual(failover.decided(), ["a, dials b: drain"]);
  });

  it("hands over at once if charon is lost, to a path with an IKE SA", () => {
    const failover = leading();
    leaves(failover, "a");
    failover.send({ type: "charon.lost" });
    assert.deepEqual(failover.decided(), []);
    failover.ready("b");
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });
});

describe("an agent to which the traffic of a group that leaves is moved", () => {
  const asked = (cause: "drain" | "move") => {
    const failover = following("b", "a");
    failover.send(heard(5, "a", { dialled: "b", cause }));
    failover.decided();
    return failover;
  };

  it("takes over by itself when its path is up, since the other agent may have ended", () => {
    const failover = asked("drain");
    failover.up("b");
    assert.deepEqual([failover.decided(), epochOf(failover)], [["b: drain"], 6]);
    assert.match(failover.state, /^steady/);
    failover.send(heard(6, "b", { leading: false, from: ["a"], cause: "drain" }));
    assert.deepEqual([failover.decided(), failover.snapshot.context.active], [[], "b"]);
  });

  it("waits for the decision of the other agent in any other move", () => {
    const failover = asked("move");
    failover.up("b");
    failover.pass(5 * second);
    assert.deepEqual(failover.decided(), []);
  });
});

describe("the path of a group that leaves", () => {
  it("is not the target of a move, and a move to it is abandoned", () => {
    const failover = leading();
    leaves(failover, "b");
    failover.send({ type: "move", path: "b" });
    assert.deepEqual(failover.decided(), []);
    failover.send({ type: "move", path: "c" });
    leaves(failover, "c");
    assert.deepEqual(failover.decided(), ["a, dials c: move", "a: abandoned"]);
  });

  it("is the last one in the order of a move without a name, and of attempts", () => {
    const failover = leading();
    leaves(failover, "b");
    failover.send({ type: "move" });
    assert.deepEqual(failover.decided(), ["a, dials c: move"]);
    const dialling = leading();
    leaves(dialling, "b");
    dialling.down("a");
    dialling.pass(second);
    assert.deepEqual(dialling.decided(), ["c: lost"]);
  });

  it("gets the traffic back after the whole hold, once its group stays", () => {
    const failover = leading({ here: ["b"], up: ["b"] });
    failover.ready("a");
    failover.pass(hold / 2);
    leaves(failover, "a");
    assert.equal(failover.state, "steady.awaiting");
    failover.pass(2 * hold);
    assert.deepEqual(failover.decided(), []);
    stays(failover, "a");
    failover.pass(hold - second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
  });

  it("takes over from a path that is lost after all others", () => {
    const failover = leading({ here: ["c"], up: ["c"] });
    failover.up("a", "b");
    leaves(failover, "a");
    failover.down("c");
    assert.deepEqual(failover.decided(), ["b: lost"]);
    const alone = leading({ here: ["c"], up: ["c"] });
    alone.ready("a");
    leaves(alone, "a");
    alone.down("c");
    alone.pass(second);
    assert.deepEqual(alone.decided(), ["a: lost"]);
  });

  it("is claimed after one of equal worth whose group stays", () => {
    const failover = following("b", "a");
    failover.ready("b", "c");
    leaves(failover, "b");
    absent(failover, "a");
    failover.pass(100, 50);
    assert.deepEqual(failover.decided(), []);
    failover.pass(50, 50);
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });
});
