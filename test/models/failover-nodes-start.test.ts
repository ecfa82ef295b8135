import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailoverHarness, minute, second } from "./failover-harness.ts";
import { absent, agent, epochOf, heard } from "./failover-nodes-harness.ts";

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
