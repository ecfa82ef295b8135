import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  FailoverHarness,
  failoverInput,
  hold,
  minute,
  second,
  steady,
} from "./failover-harness.ts";

/** Declares paths with the settings of {@link failoverInput}, or others. */
const declares = (paths: readonly string[], settings = failoverInput.settings) =>
  ({ type: "paths.declared", paths, warm: failoverInput.warm, settings }) as const;

describe("a failover whose active path is not the preferred one", () => {
  it("dials the preferred path after the hold and switches when it is up", () => {
    const failover = steady("b");
    failover.pass(hold - 500);
    assert.deepEqual(failover.decided(), []);
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
    assert.equal(failover.state, "moving");
    failover.up("a");
    assert.deepEqual(failover.decided(), ["a: failback"]);
    assert.equal(failover.state, "steady.preferred");
  });

  it("switches after the hold at once if the preferred path is up", () => {
    const failover = steady("b");
    failover.up("a");
    failover.pass(hold);
    assert.deepEqual(failover.decided(), ["a: failback"]);
  });

  it("stays if failback is never", () => {
    const failover = steady("b", { settings: { holdSeconds: 1, failback: "never" } });
    failover.up("a");
    failover.pass(64 * hold, minute);
    assert.deepEqual(failover.decided(), []);
    assert.equal(failover.state, "steady.staying");
  });

  it("doubles the hold with each failback that is abandoned, up to 64 times", () => {
    const failover = steady("b", { settings: { holdSeconds: 60, failback: "planned" } });
    const holds: number[] = [];
    for (let count = 0; count < 8; count++) {
      const begin = failover.now;
      const isHeld = () => failover.state === "steady.holding";
      while (isHeld() && failover.now < begin + 65 * minute) failover.pass(second, second);
      holds.push((failover.now - begin) / minute);
      failover.failed("a");
    }
    assert.deepEqual(holds, [1, 2, 4, 8, 16, 32, 64, 64]);
  });

  it("does not dial a preferred path without a pause that refuses while the hold is 0", () => {
    const failover = steady("b", { settings: { holdSeconds: 0, failback: "planned" } });
    failover.pass(500);
    assert.deepEqual(failover.decided(), []);
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
  });

  it("waits with a hold that a timer of the runtime cannot hold", () => {
    const settings = { holdSeconds: 3e6, failback: "planned" } as const;
    const failover = steady("b", { settings });
    failover.pass(2 ** 31 - 2, 2 ** 31 - 2);
    assert.deepEqual(failover.decided(), []);
    failover.pass(1, 1);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
  });

  it("doubles the hold if the preferred path is lost within ten minutes of a failback", () => {
    const failover = steady("b");
    failover.up("a");
    failover.pass(hold);
    failover.pass(10 * minute - 500);
    failover.down("a");
    assert.deepEqual(failover.decided(), ["a: failback", "b: lost"]);
    failover.up("a");
    failover.pass(2 * hold - 500);
    assert.deepEqual(failover.decided(), []);
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["a: failback"]);
  });

  it("forgets the setbacks after the preferred path was steady for ten minutes", () => {
    const failover = steady("b");
    failover.up("a");
    failover.pass(hold);
    failover.down("a");
    failover.up("a");
    failover.pass(2 * hold);
    failover.pass(10 * minute);
    failover.down("a");
    failover.up("a");
    failover.decided();
    failover.pass(hold);
    assert.deepEqual(failover.decided(), ["a: failback"]);
  });
});

describe("a planned move", () => {
  it("dials the target beside the active path, and switches when the target is up", () => {
    const failover = steady();
    failover.send({ type: "move", path: "c" });
    assert.deepEqual(failover.decided(), ["a, dials c: move"]);
    failover.up("b");
    assert.deepEqual(failover.decided(), []);
    failover.up("c");
    assert.deepEqual(failover.decided(), ["c: move"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("leads to the next path in order without a name", () => {
    const failover = steady("c");
    failover.send({ type: "move" });
    assert.deepEqual(failover.decided(), ["c, dials a: move"]);
  });

  it("switches at once to a target that is up, and starts the hold", () => {
    const failover = steady();
    failover.up("b");
    failover.send({ type: "move", path: "b" });
    assert.deepEqual(failover.decided(), ["b: move"]);
    failover.pass(hold);
    assert.deepEqual(failover.decided(), ["a: failback"]);
  });

  it("to the active path, to the dialled one or to an unknown one changes nothing", () => {
    const failover = steady();
    for (const path of ["a", "x"]) failover.send({ type: "move", path });
    assert.deepEqual(failover.decided(), []);
    failover.send({ type: "move", path: "b" });
    failover.pass(9 * second);
    for (const path of ["a", "b", "x"]) failover.send({ type: "move", path });
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["a, dials b: move", "a: abandoned"]);
  });

  it("is abandoned if the target is not up within ten seconds, without a setback", () => {
    const failover = steady();
    failover.send({ type: "move", path: "b" });
    failover.pass(10 * second);
    assert.deepEqual(failover.decided(), ["a, dials b: move", "a: abandoned"]);
    assert.equal(failover.state, "steady.preferred");
    assert.equal(failover.snapshot.context.setbacks, 0);
  });

  it("is abandoned if the peer refuses the target", () => {
    const failover = steady();
    failover.send({ type: "move", path: "b" });
    failover.failed("a", "c");
    assert.deepEqual(failover.decided(), ["a, dials b: move"]);
    failover.failed("b");
    assert.deepEqual(failover.decided(), ["a: abandoned"]);
  });

  it("goes to another target if the user changes the command", () => {
    const failover = steady();
    failover.up("c");
    failover.send({ type: "move", path: "b" });
    failover.send({ type: "move", path: "c" });
    assert.deepEqual(failover.decided(), ["a, dials b: move", "c: move"]);
    failover.send({ type: "move", path: "b" });
    failover.down("a");
    failover.send({ type: "move", path: "a" });
    assert.deepEqual(failover.decided(), ["c, dials b: move", "c, dials a: move"]);
  });

  it("goes on with the target as the active path if the active one goes down", () => {
    const failover = steady();
    failover.send({ type: "move", path: "c" });
    failover.down("a");
    assert.deepEqual(failover.decided(), ["a, dials c: move", "c: lost"]);
    assert.equal(failover.state, "dialling");
    failover.pass(10 * second);
    assert.deepEqual(failover.decided(), ["b: failed"]);
  });

  it("ends with another path that is up if the active one goes down", () => {
    const failover = steady();
    failover.up("b");
    failover.send({ type: "move", path: "c" });
    failover.down("a");
    assert.deepEqual(failover.decided(), ["a, dials c: move", "b: lost"]);
  });

  it("has the target dialled at once if the active path is down", () => {
    const failover = steady();
    failover.down("a");
    failover.send({ type: "move", path: "c" });
    assert.deepEqual(failover.decided(), ["c: move"]);
    failover.send({ type: "move" });
    assert.deepEqual(failover.decided(), ["a: move"]);
    assert.equal(failover.state, "dialling");
  });
});

describe("a declaration", () => {
  it("that equals the present one changes nothing", () => {
    const failover = steady("b");
    failover.pass(hold - 500);
    failover.send(declares(["a", "b", "c"], { ...failoverInput.settings }));
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
  });

  it("without the active path leads to the first path that is up", () => {
    const failover = steady();
    failover.up("c");
    failover.send(declares(["b", "c"]));
    assert.deepEqual(failover.decided(), ["c: removed"]);
    assert.deepEqual(failover.snapshot.context.up, ["c"]);
  });

  it("without the active path leads to the preferred path if no path is up", () => {
    const failover = steady();
    failover.send(declares(["c", "b"]));
    assert.deepEqual(failover.decided(), ["c: removed"]);
    assert.equal(failover.state, "dialling");
  });

  it("without the active path takes effect while charon is lost", () => {
    const failover = steady();
    failover.send({ type: "charon.lost" });
    failover.send(declares(["b", "c"]));
    assert.deepEqual(failover.decided(), []);
    assert.equal(failover.snapshot.context.active, "b");
    failover.send({ type: "charon.ready" });
    assert.deepEqual(failover.decided(), ["b: removed"]);
  });

  it("with another preferred path leads to it after the hold", () => {
    const failover = steady();
    failover.pass(hold);
    failover.send(declares(["b", "a", "c"]));
    failover.pass(hold - 500);
    assert.deepEqual(failover.decided(), []);
    failover.pass(500);
    assert.deepEqual(failover.decided(), ["a, dials b: failback"]);
  });

  it("with another preferred path forgets the setbacks of the earlier one", () => {
    const failover = steady("b");
    failover.pass(hold);
    failover.failed("a");
    assert.equal(failover.snapshot.context.setbacks, 1);
    failover.send(declares(["c", "b", "a"]));
    assert.equal(failover.snapshot.context.setbacks, 0);
  });

  it("without failback ends a failback, and leaves a move alone", () => {
    const never = declares(["a", "b", "c"], { holdSeconds: 300, failback: "never" });
    const failback = steady("b");
    failback.pass(hold);
    failback.send(never);
    assert.deepEqual(failback.decided(), ["b, dials a: failback", "b: abandoned"]);
    assert.equal(failback.state, "steady.staying");
    const move = steady("b");
    move.send({ type: "move", path: "a" });
    move.send(never);
    assert.deepEqual(move.decided(), ["b, dials a: move"]);
    assert.equal(move.state, "moving");
  });

  it("without the target ends a move", () => {
    const failover = steady();
    failover.send({ type: "move", path: "b" });
    failover.send(declares(["a", "c"]));
    assert.deepEqual(failover.decided(), ["a, dials b: move", "a: abandoned"]);
  });

  it("gives a path that is declared again a turn", () => {
    const failover = new FailoverHarness();
    failover.failed("a");
    failover.send(declares(["b", "c"]));
    failover.send(declares(["b", "a", "c"]));
    failover.failed("b");
    assert.deepEqual(failover.decided(), ["a: start", "b: failed", "a: failed"]);
  });

  it("does not prolong the turn of a path that is dialled", () => {
    const failover = new FailoverHarness();
    failover.pass(9 * second);
    failover.send(declares(["a", "c"]));
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["a: start", "c: failed"]);
  });
});
