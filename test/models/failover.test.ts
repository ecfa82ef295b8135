import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailoverHarness, hold, minute, second, steady } from "./failover-harness.ts";

describe("a failover that starts", () => {
  it("dials the preferred path if no path is up", () => {
    const failover = new FailoverHarness();
    assert.deepEqual(failover.decided(), ["a: start"]);
    assert.equal(failover.state, "dialling");
  });

  it("adopts the most preferred path that is up", () => {
    const failover = new FailoverHarness({ up: ["c", "b"] });
    assert.deepEqual(failover.decided(), ["b: start"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("decides nothing until charon has listed its SAs", () => {
    const failover = new FailoverHarness({ charonReady: false });
    failover.pass(minute);
    failover.up("b");
    assert.deepEqual(failover.decided(), []);
    assert.equal(failover.state, "suspended");
    failover.send({ type: "charon.ready" });
    assert.deepEqual(failover.decided(), ["b: start"]);
    assert.equal(failover.state, "steady.holding");
  });
});

describe("a failover whose active path goes down", () => {
  it("stays with the path if it is up again within a second", () => {
    const failover = steady();
    failover.down("a");
    assert.equal(failover.state, "doubtful");
    failover.pass(900, 100);
    failover.up("a");
    failover.pass(minute);
    assert.deepEqual(failover.decided(), []);
    assert.equal(failover.state, "steady.preferred");
  });

  it("dials the next path after a second", () => {
    const failover = steady();
    failover.down("a");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
    assert.equal(failover.state, "dialling");
  });

  it("waits for ten seconds if its SAs are being replaced, and for one the next time", () => {
    const failover = steady();
    failover.send({ type: "path.renewed", path: "a" });
    failover.down("a");
    failover.pass(9 * second);
    failover.up("a");
    failover.down("a");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
    const other = steady();
    other.send({ type: "path.renewed", path: "a" });
    other.pass(30 * second);
    other.down("a");
    other.pass(second);
    assert.deepEqual(other.decided(), ["b: lost"]);
  });

  it("dials the next path at once if the peer refuses the lost one", () => {
    const failover = steady();
    failover.down("a");
    failover.failed("c", "a");
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });

  it("switches at once to the most preferred path that is up", () => {
    const failover = steady();
    failover.up("c", "b");
    failover.down("a");
    assert.deepEqual(failover.decided(), ["b: lost"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("switches to a path that comes up during the second", () => {
    const failover = steady();
    failover.down("a");
    failover.up("c");
    assert.deepEqual(failover.decided(), ["c: lost"]);
  });

  it("does not leave a path that is up because of a refusal", () => {
    const failover = steady();
    failover.up("b");
    failover.failed("a", "b");
    failover.pass(hold);
    assert.deepEqual(failover.decided(), []);
  });

  it("ignores paths that are not declared", () => {
    const failover = steady();
    failover.up("x");
    failover.down("x", "a");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });
});

describe("a failover that dials", () => {
  it("gives each path ten seconds in the first circle, then twice as long, up to a minute", () => {
    const failover = new FailoverHarness();
    const times: number[] = [];
    for (let count = 1; failover.now < 15 * minute; failover.pass(second, second)) {
      if (failover.decisions.length === count) continue;
      count += 1;
      times.push(failover.now / second);
    }
    assert.deepEqual(times.slice(0, 6), [10, 20, 30, 50, 70, 90]);
    assert.deepEqual(times.slice(6, 12), [130, 170, 210, 270, 330, 390]);
    const order = failover.decisions.map(({ active }) => active).join("");
    assert.match(order, /^(abc)+a?b?$/);
  });

  it("moves on at once after a refusal until each path had its turn", () => {
    const failover = new FailoverHarness();
    failover.failed("a", "b", "c");
    assert.deepEqual(failover.decided(), ["a: start", "b: failed", "c: failed", "a: failed"]);
    for (let refusal = 0; refusal < 39; refusal++) {
      failover.failed("a", "b", "c");
      failover.pass(500);
    }
    assert.deepEqual(failover.decided(), []);
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["b: failed"]);
  });

  it("stays with the path that comes up", () => {
    const failover = new FailoverHarness();
    failover.failed("a");
    failover.up("b");
    assert.deepEqual(failover.decided(), ["a: start", "b: failed"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("switches to another path that the peer dials", () => {
    const failover = new FailoverHarness();
    failover.up("c");
    assert.deepEqual(failover.decided(), ["a: start", "c: failed"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("does not quicken its pace because a path was up for a moment", () => {
    const failover = new FailoverHarness();
    failover.failed("a", "b", "c");
    failover.up("a");
    failover.pass(29 * second);
    failover.down("a");
    failover.failed("a");
    failover.decided();
    failover.pass(19 * second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: failed"]);
  });

  it("begins at its first pace after a path was up for half a minute", () => {
    const failover = new FailoverHarness();
    failover.failed("a", "b", "c");
    failover.up("a");
    failover.pass(30 * second);
    failover.decided();
    failover.down("a");
    failover.failed("a", "b", "c");
    assert.deepEqual(failover.decided(), ["b: lost", "c: failed", "a: failed"]);
  });
});

describe("a failover that loses charon", () => {
  it("keeps the active path, whatever it receives, until charon is back", () => {
    const failover = steady();
    failover.up("b");
    failover.send({ type: "charon.lost" });
    failover.down("a", "b");
    failover.failed("a");
    failover.up("c");
    failover.send({ type: "move", path: "c" });
    failover.pass(hold);
    assert.deepEqual(failover.decided(), []);
    assert.equal(failover.state, "suspended");
  });

  it("stays with the active path if it is up after that, whichever others are", () => {
    const failover = steady("b");
    failover.send({ type: "charon.lost" });
    failover.up("a", "c", "b");
    failover.send({ type: "charon.ready" });
    assert.deepEqual(failover.decided(), ["b: lost"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("switches to another path that is up after that", () => {
    const failover = steady();
    failover.send({ type: "charon.lost" });
    failover.up("c");
    failover.send({ type: "charon.ready" });
    assert.deepEqual(failover.decided(), ["c: lost"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("dials the active path first if no path is up", () => {
    const failover = steady("b");
    failover.send({ type: "charon.lost" });
    failover.send({ type: "charon.ready" });
    failover.pass(10 * second);
    assert.deepEqual(failover.decided(), ["b: lost", "c: failed"]);
  });

  it("begins at its first pace after that", () => {
    const failover = new FailoverHarness();
    failover.failed("a", "b", "c");
    failover.send({ type: "charon.lost" });
    failover.send({ type: "charon.ready" });
    failover.decided();
    failover.failed("a", "b", "c");
    assert.deepEqual(failover.decided(), ["b: failed", "c: failed", "a: failed"]);
  });

  it("does not count a failback that charon interrupts as a setback", () => {
    const failover = steady("b");
    failover.up("a");
    failover.pass(hold);
    failover.send({ type: "charon.lost" });
    failover.send({ type: "charon.ready" });
    failover.failed("a");
    assert.deepEqual(failover.decided(), ["a: failback", "a: lost", "b: failed"]);
    assert.equal(failover.snapshot.context.setbacks, 0);
  });

  it("ends a planned move, without a setback", () => {
    const failover = steady("b");
    failover.pass(hold);
    failover.send({ type: "charon.lost" });
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
    assert.equal(failover.snapshot.context.setbacks, 0);
  });
});
