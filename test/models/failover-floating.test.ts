import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { second } from "./failover-harness.ts";
import { agent, epochOf, heard, leading } from "./failover-nodes-harness.ts";

/** The groups of a, b and c share an address that only that of the active path has. */
const exclusive = { exclusive: true, warm: [] };

describe("an agent whose group has an address that others need", () => {
  it("hands over at once in a move, since a path elsewhere cannot come up before", () => {
    const failover = leading(exclusive);
    failover.send({ type: "move", path: "b" });
    assert.deepEqual(failover.decided(), ["b: move"]);
    assert.deepEqual([failover.state, epochOf(failover)], ["following.awaiting", 2]);
  });

  it("dials another path of its own group beside the active one", () => {
    const failover = leading({ ...exclusive, here: ["a", "b"] });
    failover.send({ type: "move", path: "b" });
    assert.equal(failover.state, "moving");
  });

  it("hands over if no probe is answered, and if its group leaves", () => {
    const silent = leading(exclusive);
    silent.send({ type: "path.silent", path: "a" });
    assert.deepEqual(silent.decided(), ["b: unreachable"]);
    const leaves = leading(exclusive);
    leaves.send({ type: "path.leaves", path: "a" });
    assert.deepEqual(leaves.decided(), ["b: drain"]);
  });

  it("does not return to a path whose group has just given the address up", () => {
    const failover = agent({ ...exclusive, here: ["b"] });
    failover.up("a");
    failover.send(heard(1, "a"));
    failover.decided();
    failover.send(heard(2, "b", { cause: "move", leading: false, from: ["a"] }));
    assert.deepEqual(failover.decided(), ["b: move"]);
    assert.equal(failover.state, "dialling");
    failover.up("b");
    failover.pass(second);
    assert.equal(failover.snapshot.context.active, "b");
  });
});
