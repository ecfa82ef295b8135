import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, fromPromise, SimulatedClock, type AnyActorRef } from "xstate";
import { charonMachine } from "../../src/machines/charon.ts";
import { managedObjectMachine } from "../../src/machines/managed-object.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { Calls, childSa, connectionOf, gateway, gatewayWith, ikeSa, settled } from "./fixtures.ts";
import { startedChild } from "./child-harness.ts";
import { harness } from "./path-harness.ts";

const hourMs = 3_600_000;

/** Passes an hour in slices, and runs the interference of others after each. */
async function hourOf(clock: SimulatedClock, sliceMs: number, others: () => void): Promise<void> {
  for (let passed = 0; passed < hourMs; passed += sliceMs) {
    clock.increment(sliceMs);
    await settled();
    others();
    await settled();
  }
}

/** A gateway whose namespace exists; each of its passes has this result. */
function gatewayActor(result?: { readonly repaired: boolean }) {
  const calls = new Calls();
  if (result !== undefined) calls.give("apply", result);
  const clock = new SimulatedClock();
  const [child] = connectionOf().children;
  assert.ok(child);
  const input = { connection: connectionOf(), child, tunnels: [child.ifId] };
  const actor = createActor(gatewayWith(calls), { clock, input }).start();
  actor.send({ type: "endpoints.changed", gateway, workers: [] });
  return { calls, clock, actor };
}

const failureOf = (actor: AnyActorRef) =>
  (actor.getSnapshot() as { context: { failure?: { reason: string; message: string } } }).context
    .failure;

describe("an actor during an hour of interference", () => {
  it("terminates an IKE SA with another identity once, and keeps the next one with the same identity", async () => {
    const { actor, calls, clock } = harness({ charonReady: true, secretRevision: "r1" });
    let uniqueId = 1;
    await hourOf(clock, 1_000, () => {
      const ended = calls.made.filter(
        ({ name, input: order }) =>
          name === "terminateIke" &&
          (order as { uniqueIds: string[] }).uniqueIds.includes(String(uniqueId)),
      );
      uniqueId += ended.length;
      const sa = ikeSa({ uniqueId: String(uniqueId), remoteId: "another" });
      actor.send({ type: "sas.listed", ikeSas: [sa] });
    });
    assert.equal(uniqueId, 2, "one IKE SA was ended");
    assert.equal(actor.getSnapshot().value, "established");
    assert.equal(failureOf(actor)?.reason, "SaDiffers");
    assert.match(
      failureOf(actor)?.message ?? "",
      /remoteId is declared as "peer.site", and charon has "another"/,
    );
  });

  it("initiates an SA at once each time that the peer closes an idle one after a minute", async () => {
    const { calls, clock, actor } = startedChild(connectionOf().children[0]);
    let ordered = 0;
    let up = 0;
    let down = 0;
    await hourOf(clock, 1_000, () => {
      if (calls.count("initiate") > ordered) up = 60;
      else if (up > 0) up--;
      else down++;
      ordered = calls.count("initiate");
      const children = up > 0 ? [childSa()] : [];
      actor.send({ type: "sas.listed", ikeSas: [ikeSa({ children })] });
    });
    assert.ok(ordered > 50, `${ordered} SAs in an hour`);
    assert.ok(down < 2 * ordered, `${down} seconds without an SA`);
  });

  it("repairs a gateway at growing intervals if another program changes it each time", async () => {
    const { calls, clock, actor } = gatewayActor({ repaired: true });
    await hourOf(clock, 250, () => actor.send({ type: "kernel.changed" }));
    assert.ok(calls.count("apply") > 9 && calls.count("apply") < 80, `${calls.count("apply")}`);
    assert.equal(failureOf(actor)?.reason, "LoopDetected");
    assert.match(
      failureOf(actor)?.message ?? "",
      /another program changes the gateway's namespace/,
    );
    const before = calls.count("apply");
    actor.send({ type: "endpoints.changed", gateway, workers: [] });
    await settled();
    assert.equal(calls.count("apply"), before + 1, "a change of the declaration does not wait");
  });

  it("repairs a gateway at once each time that another program changes it after a minute", async () => {
    const { calls, clock, actor } = gatewayActor({ repaired: true });
    await settled();
    for (let minute = 1; minute <= 60; minute++) {
      clock.increment(59_000);
      await settled();
      const before = calls.count("apply");
      actor.send({ type: "kernel.changed" });
      // The chart waits for the end of a burst, and then for the minimum interval between passes.
      for (const ms of [20, 250, 250]) {
        clock.increment(ms);
        await settled();
      }
      assert.equal(calls.count("apply"), before + 1, `minute ${minute}`);
      assert.equal(failureOf(actor), undefined);
      clock.increment(480);
      await settled();
    }
  });

  it("repairs a part of a gateway at once while another program keeps changing another part", async () => {
    const { calls, clock, actor } = gatewayActor({ repaired: true });
    await settled();
    const fight = async () => {
      actor.send({ type: "kernel.changed", part: "routes" });
      clock.increment(250);
      await settled();
    };
    for (let i = 0; i < 100; i++) await fight();
    // Until a pause has just begun, which is longer than the rest of this test.
    while (actor.getSnapshot().value === "degraded") await fight();
    while (actor.getSnapshot().value !== "degraded") await fight();
    assert.match(failureOf(actor)?.message ?? "", /changes the gateway's routes/);
    const before = calls.count("apply");
    actor.send({ type: "kernel.changed", part: "packet filter" });
    await settled();
    assert.equal(calls.count("apply"), before + 1);
    for (let i = 0; i < 4; i++) await fight();
    assert.equal(calls.count("apply"), before + 1, "the contested part still waits");
  });

  it("limits the passes over a gateway if the kernel reports many changes and none needs a repair", async () => {
    const { calls, clock, actor } = gatewayActor();
    await settled();
    for (let passed = 0; passed < 10_000; passed += 10) {
      actor.send({ type: "kernel.changed" });
      clock.increment(10);
      await settled();
    }
    assert.ok(calls.count("apply") < 45, `${calls.count("apply")} passes in ten seconds`);
    assert.equal(failureOf(actor), undefined);
    clock.increment(1_000);
    await settled();
    clock.increment(1_000);
    await settled();
    const before = calls.count("apply");
    actor.send({ type: "kernel.changed" });
    clock.increment(20);
    await settled();
    assert.equal(calls.count("apply"), before + 1, "the first change after a rest does not wait");
  });

  it("opens sessions with charon at growing intervals if each ends at once", async () => {
    const calls = new Calls();
    const clock = new SimulatedClock();
    let end: (() => void) | undefined;
    const machine = charonMachine.provide({
      actors: {
        connect: calls.actor("connect"),
        prune: calls.actor("prune"),
        list: calls.actor("list"),
        session: fromPromise<void, void>(() => new Promise((resolve) => (end = resolve))),
      },
    });
    const actor = createActor(machine, { clock }).start();
    await hourOf(clock, 250, () => end?.());
    assert.ok(
      calls.count("connect") > 60 && calls.count("connect") < 250,
      `${calls.count("connect")}`,
    );
    await hourOf(clock, 30_000, () => {});
    assert.equal(failureOf(actor), undefined);
  });

  it("writes an object at growing intervals if another program changes it each time", async () => {
    const clock = new SimulatedClock();
    const wanted = { metadata: { name: "a" }, spec: { a: 1 } } as unknown as KubeObject;
    let version = 1;
    let writes = 0;
    const stored = (spec: object) => {
      const metadata = { name: "a", resourceVersion: String(++version), generation: version };
      return { metadata, spec } as unknown as KubeObject;
    };
    const machine = managedObjectMachine.provide({
      actors: {
        apply: fromPromise<KubeObject, KubeObject>(() => {
          writes++;
          return Promise.resolve(stored({ a: 1 }));
        }),
      },
    });
    const input = { wanted, actual: undefined, version: 0n, lingerMs: 0 };
    const actor = createActor(machine, { clock, input }).start();
    await hourOf(clock, 250, () => {
      const object = stored({ a: 2 });
      actor.send({ type: "seen", object, version: BigInt(version) });
    });
    assert.ok(writes > 9 && writes < 80, `${writes} writes`);
    assert.equal(failureOf(actor)?.reason, "LoopDetected");
    actor.send({ type: "wanted", object: { ...wanted } });
    await settled();
    assert.equal(failureOf(actor), undefined, "a change of the wanted object does not wait");
  });
});
