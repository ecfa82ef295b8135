import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { actives, running } from "./several-nodes-harness.ts";

const second = 1_000;

describe("a connection with paths on two nodes that do not hear each other", () => {
  it("has one active path again after a partition, in which both nodes lead", async () => {
    const nodes = await running();
    nodes.linked = false;
    await nodes.pass(5 * second);
    assert.deepEqual(nodes.announcing, ["n1", "n2"]);
    nodes.linked = true;
    await nodes.pass(300);
    assert.deepEqual(nodes.announcing, ["n2"], "the decision with the higher epoch wins");
    await nodes.pass(60 * second);
    assert.deepEqual(nodes.announcing, ["n2"]);
    assert.deepEqual(actives(nodes), ["backup 2", "backup 2"]);
    assert.equal(nodes.outage, 0);
  });

  it("attracts the workers again after a partition in which the other gateway announced itself last", async () => {
    // At some of these times, the first gateway repeats its announcement after the second one did.
    for (const before of [0, 1, 2, 3]) {
      const nodes = await running();
      await nodes.pass(before * second);
      nodes.linked = false;
      await nodes.pass(6 * second);
      nodes.linked = true;
      await nodes.pass(2 * second);
      assert.deepEqual(nodes.announcing, ["n2"]);
      assert.equal(nodes.outage, 0, `${before} s later`);
    }
  });
});
