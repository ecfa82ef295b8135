import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChildActor } from "../../src/machines/child/child.ts";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { childConditionsOf } from "../../src/runtime/conditions/conditions.ts";
import { childHarness } from "./child-harness.ts";
import { harness } from "./path-harness.ts";
import { childSa, ikeSa } from "./fixtures.ts";

const refusal = () => failure(Reason.RekeyRefused, "the peer does not rekey the CHILD SA: no");

describe("a child whose rekey the peer refuses", () => {
  const listOf = (uniqueId: string, state = "INSTALLED") =>
    ikeSa({ children: [childSa({ uniqueId, state })] });

  it("is established with that reason until another SA replaces its own", async () => {
    const { list, send, start, snapshot } = childHarness();
    await start();
    await list(listOf("1"));
    await send({ type: "rekey.refused", failure: refusal() });
    const first = snapshot().context.failure;
    assert.equal(first?.reason, Reason.RekeyRefused);
    await list(listOf("1", "REKEYING"));
    await send({ type: "rekey.refused", failure: refusal() });
    await list(listOf("1"));
    assert.equal(snapshot().value, "established");
    assert.equal(snapshot().context.failure, first);
    await list(listOf("2"));
    assert.equal(snapshot().context.failure, undefined);
  });

  it("has the condition RekeyRefused, and stays ready", () => {
    const conditions = childConditionsOf({
      key: "lan",
      state: "established",
      gateway: "ready",
      failure: refusal(),
      reachability: undefined,
      traffic: undefined,
      unrouted: undefined,
    });
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]).slice(2),
      [
        ["RekeyRefused", "True", "RekeyRefused"],
        ["Ready", "True", "Ready"],
      ],
    );
  });
});

describe("a connection whose rekey the peer refuses", () => {
  it("is established with that reason until another IKE SA replaces its own", async () => {
    const { list, send, start, snapshot } = harness();
    await start();
    await list(ikeSa({ uniqueId: "1" }));
    await send({ type: "rekey.refused", child: undefined, failure: refusal() });
    await list(ikeSa({ uniqueId: "1", state: "REKEYING" }));
    await list(ikeSa({ uniqueId: "1" }));
    assert.equal(snapshot().value, "established");
    assert.equal(snapshot().context.failure?.reason, Reason.RekeyRefused);
    await list(ikeSa({ uniqueId: "2" }));
    assert.equal(snapshot().context.failure, undefined);
  });

  it("forwards the refusal of a CHILD SA to its child alone", async () => {
    const { list, send, start, snapshot } = harness();
    await start();
    await list(ikeSa());
    await send({ type: "rekey.refused", child: "child-2", failure: refusal() });
    await send({ type: "rekey.refused", child: "another", failure: refusal() });
    const child = snapshot().children["child.child-2"] as ChildActor;
    assert.equal(child.getSnapshot().context.failure?.reason, Reason.RekeyRefused);
    assert.equal(snapshot().context.failure, undefined);
  });
});
