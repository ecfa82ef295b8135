import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minute, second } from "./failover-harness.ts";
import { heard, leading } from "./failover-nodes-harness.ts";

describe("an agent that leads, whose charon does not return", () => {
  it("hands over again to a path that failed before, once that has an IKE SA again", () => {
    const failover = leading();
    failover.send({ type: "charon.lost" });
    failover.ready("b");
    failover.pass(10 * second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
    failover.send({ type: "path.unready", path: "b" });
    failover.send(heard(3, "a", { cause: "failed", leading: false, from: ["b"] }));
    failover.pass(minute);
    assert.deepEqual(failover.decided(), ["a: failed"]);
    failover.ready("b");
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });

  it("hands over at most once in ten seconds to a path whose CHILD SA is refused", () => {
    const failover = leading();
    failover.send({ type: "charon.lost" });
    failover.ready("b");
    for (let passed = 0; passed < minute; passed += second) {
      failover.pass(second);
      if (failover.snapshot.context.active !== "b") continue;
      const epoch = failover.snapshot.context.epoch + 1;
      failover.send(heard(epoch, "a", { cause: "failed", leading: false, from: ["b"] }));
    }
    assert.ok(failover.decided().length <= 12);
  });

  it("hands over to paths that have no IKE SA before they are active, after a minute", () => {
    const failover = leading({ warm: ["a"] });
    failover.send({ type: "charon.lost" });
    failover.pass(minute);
    assert.deepEqual(failover.decided(), []);
    failover.pass(15 * second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
    failover.send(heard(3, "a", { cause: "failed", leading: false, from: ["b"] }));
    failover.pass(90 * second);
    assert.deepEqual(failover.decided(), ["a: failed", "c: lost"]);
  });

  it("keeps the path through which a probe is answered, and hands over once it is not", () => {
    for (const verdict of ["path.silent", "path.unjudged"] as const) {
      const failover = leading();
      failover.ready("b");
      failover.send({ type: "path.answers", path: "a" });
      failover.send({ type: "charon.lost" });
      failover.pass(30 * minute);
      assert.deepEqual(failover.decided(), []);
      failover.send({ type: verdict, path: "a" });
      assert.deepEqual(failover.decided(), ["b: lost"]);
    }
  });

  it("gives charon ten seconds to return if its restart ends the answers", () => {
    const failover = leading();
    failover.ready("b");
    failover.send({ type: "path.answers", path: "a" });
    failover.send({ type: "charon.lost" });
    failover.pass(second);
    failover.send({ type: "path.silent", path: "a" });
    failover.pass(8 * second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });

  it("hands over to a path without an IKE SA a minute after the last answer", () => {
    const failover = leading({ warm: ["a"] });
    failover.send({ type: "path.answers", path: "a" });
    failover.send({ type: "charon.lost" });
    failover.pass(5 * minute);
    failover.send({ type: "path.silent", path: "a" });
    failover.pass(59 * second);
    assert.deepEqual(failover.decided(), []);
    failover.pass(second);
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });

  it("does not wait for a probe to fail if its group leaves", () => {
    const failover = leading();
    failover.ready("b");
    failover.send({ type: "path.answers", path: "a" });
    failover.send({ type: "charon.lost" });
    failover.send({ type: "path.leaves", path: "a" });
    assert.deepEqual(failover.decided(), ["b: lost"]);
  });

  it("stays if charon is back with its SAs, although the probes begin again before the list is complete", () => {
    const failover = leading();
    const { epoch } = failover.snapshot.context;
    failover.ready("b");
    failover.send({ type: "path.answers", path: "a" });
    failover.send({ type: "charon.lost" });
    failover.pass(minute);
    failover.up("a");
    failover.send({ type: "path.unjudged", path: "a" });
    failover.send({ type: "charon.ready" });
    assert.equal(failover.snapshot.context.epoch, epoch);
    assert.ok(failover.snapshot.matches("steady"));
  });
});
