import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FailoverHarness, hold, minute, second, steady } from "./failover-harness.ts";

/** Reports that no probe is answered by the path, as soon as it is active and up. */
const silence = (failover: FailoverHarness, path: string) =>
  failover.send({ type: "path.silent", path });

const answer = (failover: FailoverHarness, path: string) =>
  failover.send({ type: "path.answers", path });

describe("a failover whose active path is up and answers no probe", () => {
  it("has the next path brought up beside it, and leaves it when that one is up", () => {
    const failover = steady();
    silence(failover, "a");
    assert.deepEqual(failover.decided(), ["a, dials b: unreachable"]);
    assert.equal(failover.state, "moving");
    failover.up("b");
    assert.deepEqual(failover.decided(), ["b: unreachable"]);
    assert.equal(failover.state, "steady.holding");
  });

  it("prefers a path with an IKE SA, and one that is up already", () => {
    const failover = steady();
    failover.ready("c");
    silence(failover, "a");
    assert.deepEqual(failover.decided(), ["a, dials c: unreachable"]);
    const hot = steady();
    hot.ready("b");
    hot.up("c");
    silence(hot, "a");
    assert.deepEqual(hot.decided(), ["c: unreachable"]);
  });

  it("stays if the probe is answered before the other path is up", () => {
    const failover = steady();
    silence(failover, "a");
    answer(failover, "a");
    assert.deepEqual(failover.decided(), ["a, dials b: unreachable", "a: abandoned"]);
    failover.pass(minute);
    assert.deepEqual(failover.decided(), []);
    assert.equal(failover.state, "steady.preferred");
  });

  it("tries each other path once, and then rests ever longer", () => {
    const failover = steady();
    const times: number[] = [];
    silence(failover, "a");
    while (failover.now < 60 * minute) {
      const { active, dialled, up } = failover.snapshot.context;
      if (dialled !== undefined) {
        times.push(Math.round(failover.now / second));
        failover.up(dialled);
        failover.down(active);
      } else if (up.includes(active)) silence(failover, active);
      failover.pass(second, second);
    }
    const rests = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    assert.deepEqual(
      rests.filter((rest) => rest > 30).map((rest) => Math.round(rest / 60)),
      [1, 2, 4, 8, 10, 10, 10, 10],
    );
    assert.ok(times.length <= 20, `${times.length} attempts`);
  });

  it("goes on with the next path if the peer refuses the one beside it, or does not answer", () => {
    const failover = steady();
    silence(failover, "a");
    failover.failed("b");
    assert.deepEqual(failover.decided(), [
      "a, dials b: unreachable",
      "a: abandoned",
      "a, dials c: unreachable",
    ]);
    failover.pass(10 * second);
    assert.deepEqual(failover.decided(), ["a: abandoned"]);
    assert.equal(failover.state, "silent");
    failover.pass(50 * second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(10 * second);
    assert.deepEqual(failover.decided(), ["a, dials b: unreachable"]);
  });

  it("gives a path another turn whose peer made an IKE SA", () => {
    const failover = steady();
    silence(failover, "a");
    failover.failed("b", "c");
    failover.decided();
    failover.ready("c");
    assert.deepEqual(failover.decided(), ["a, dials c: unreachable"]);
  });

  it("gives that turn also after hours in which no other path came up", () => {
    const failover = steady("a", { paths: ["a", "b"] });
    silence(failover, "a");
    while (failover.now < 120 * minute) {
      if (failover.snapshot.context.dialled === "b") failover.failed("b");
      failover.pass(5 * second);
    }
    failover.decided();
    failover.ready("b");
    assert.deepEqual(failover.decided(), ["a, dials b: unreachable"]);
  });

  it("does not dial a path again and again whose peer makes IKE SAs and refuses CHILD SAs", () => {
    const failover = steady("a", { paths: ["a", "b"], warm: ["a", "b"] });
    silence(failover, "a");
    let attempts = 0;
    while (failover.now < 60 * minute) {
      if (failover.snapshot.context.dialled === "b") {
        attempts++;
        failover.failed("b");
        failover.send({ type: "path.unready", path: "b" });
      }
      failover.pass(second);
      failover.ready("b");
    }
    assert.ok(attempts <= 30, `${attempts} attempts`);
  });

  it("returns at once to a path that has a new IKE SA, if the next one is silent as well", () => {
    const failover = steady();
    failover.ready("a", "b");
    silence(failover, "a");
    failover.up("b");
    failover.send({ type: "path.unready", path: "a" });
    failover.down("a");
    failover.decided();
    answer(failover, "b");
    failover.ready("a");
    failover.pass(2 * second);
    silence(failover, "b");
    assert.deepEqual(failover.decided(), ["b, dials a: unreachable"]);
  });

  it("does not go to and fro because of new IKE SAs while no path is answered", () => {
    const failover = steady();
    failover.ready("a", "b");
    const actives: string[] = [];
    while (failover.now < minute) {
      const { active, dialled } = failover.snapshot.context;
      actives.push(active);
      if (dialled === undefined) silence(failover, active);
      else {
        failover.up(dialled);
        failover.send({ type: "path.unready", path: active });
        failover.down(active);
        failover.send({ type: "path.unjudged", path: dialled });
        failover.ready(active);
      }
      failover.pass(2 * second);
    }
    const moves = actives.filter((active, i) => i > 0 && active !== actives[i - 1]);
    assert.ok(moves.length <= 5, `${moves.length} moves`);
  });

  it("is moved by a command, and takes another path when the active one goes down", () => {
    const moved = steady();
    silence(moved, "a");
    moved.failed("b", "c");
    moved.decided();
    moved.send({ type: "move", path: "c" });
    assert.deepEqual(moved.decided(), ["a, dials c: move"]);
    const lost = steady();
    silence(lost, "a");
    lost.failed("b", "c");
    lost.down("a");
    lost.pass(second);
    assert.match(lost.decided().at(-1) ?? "", /^[bc]: lost$/);
  });

  it("has ten seconds to come up again after a restart", () => {
    const failover = steady("a", { paths: ["a", "b"] });
    silence(failover, "a");
    failover.failed("b");
    failover.decided();
    failover.send({ type: "path.renewed", path: "a" });
    failover.down("a");
    failover.pass(9 * second);
    assert.deepEqual(failover.decided(), []);
    failover.up("a");
    assert.equal(failover.state, "steady.preferred");
  });

  it("counts a failback that is not answered as a setback", () => {
    const failover = steady("b");
    failover.pass(hold);
    failover.up("a");
    silence(failover, "a");
    failover.up("b");
    assert.equal(failover.snapshot.context.active, "b");
    assert.equal(failover.snapshot.context.setbacks, 1);
  });

  it("ignores a verdict about another path", () => {
    const failover = steady();
    silence(failover, "b");
    assert.deepEqual(failover.decided(), []);
  });
});

describe("a failover whose preferred path is to keep an IKE SA on standby", () => {
  const warm = { warm: ["a", "b", "c"] };

  it("returns after the preferred path has had an IKE SA for the hold", () => {
    const failover = steady("b", warm);
    assert.equal(failover.state, "steady.awaiting");
    failover.pass(2 * hold);
    assert.deepEqual(failover.decided(), []);
    failover.ready("a");
    failover.pass(hold - second);
    failover.send({ type: "path.unready", path: "c" });
    failover.send({ type: "path.unready", path: "a" });
    failover.ready("a");
    failover.pass(hold - second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b, dials a: failback"]);
  });

  it("tries the paths ever more slowly if their peers make IKE SAs and refuse CHILD SAs", () => {
    const failover = steady("a", { paths: ["a", "b"], warm: ["a", "b"] });
    failover.down("a");
    const decisions: string[] = [];
    while (failover.now < 10 * minute) {
      const { active } = failover.snapshot.context;
      const other = active === "a" ? "b" : "a";
      failover.send({ type: "path.unready", path: other });
      failover.ready(other);
      failover.failed(active);
      failover.pass(1.5 * second);
      decisions.push(...failover.decided());
    }
    assert.ok(decisions.length <= 15, `${decisions.length} decisions`);
  });

  it("takes a path with an IKE SA before another one when the active path is lost", () => {
    const failover = steady("a", warm);
    failover.ready("c");
    failover.down("a");
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["c: lost"]);
  });
});
