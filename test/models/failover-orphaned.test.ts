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
});
