import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import { managedObjectMachine } from "../../src/machines/managed-object.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";

const object = (spec: object, metadata: object = {}): KubeObject =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", namespace: "n", ...metadata },
    spec,
  }) as unknown as KubeObject;

/** An API server of one object, which counts what is asked of it. */
class World {
  readonly clock = new SimulatedClock();
  readonly calls: string[] = [];
  refuses = false;
  version = 1;
  /** Undefined for a kind that has none. */
  generation: number | undefined = 0;

  start(wanted: KubeObject | undefined, actual: KubeObject | undefined, lingerMs = 0) {
    const logic = managedObjectMachine.provide({
      actors: {
        apply: fromPromise<KubeObject, KubeObject>(async ({ input }) => {
          this.calls.push("apply");
          if (this.refuses) throw new Error("no");
          return this.stored(input);
        }),
        remove: fromPromise<void, KubeObject>(async () => void this.calls.push("remove")),
      },
    });
    const version = 0n;
    const input = { wanted, actual, version, lingerMs };
    return createActor(logic, { input, clock: this.clock }).start();
  }

  /** As the server would have it: with defaults of its own. */
  stored(input: KubeObject): KubeObject {
    const { spec } = input as KubeObject & { spec: object };
    const resourceVersion = String(++this.version);
    const counted = this.generation === undefined ? {} : { generation: ++this.generation };
    return object({ ...spec, addedByTheServer: true }, { resourceVersion, ...counted });
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("an object that the operator wants", () => {
  it("is made once, and left alone", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    actor.send({ type: "seen", object: actor.getSnapshot().context.actual, version: 2n });
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("is left alone where it is there already", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), object({ a: 1, b: 2 }));
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    assert.deepEqual(world.calls, []);
  });

  it("of a kind without a generation is made again when something changes it", async () => {
    const world = new World();
    world.generation = undefined;
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    const changed = object({ a: 2 }, { resourceVersion: "9" });
    actor.send({ type: "seen", object: changed, version: 9n });
    await settle();
    assert.deepEqual(world.calls, ["apply", "apply"]);
  });

  it("is made again when somebody deletes or changes it", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    actor.send({ type: "seen", object: undefined, version: 5n });
    await settle();
    const changed = object({ a: 2 }, { resourceVersion: "9", generation: 9 });
    actor.send({ type: "seen", object: changed, version: 9n });
    await settle();
    assert.deepEqual(world.calls, ["apply", "apply", "apply"]);
  });

  it("is not judged by what a view knew before the last write", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    actor.send({ type: "seen", object: undefined, version: 1n });
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("is not applied for ever where the server makes something else of it", async () => {
    const world = new World();
    world.stored = () => object({ a: "normalised" }, { resourceVersion: "3", generation: 1 });
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("that the server refuses is tried again, later and later", async () => {
    const world = new World();
    world.refuses = true;
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    assert.equal(actor.getSnapshot().value, "refused");
    assert.equal(actor.getSnapshot().context.failure?.message, "no");
    world.refuses = false;
    world.clock.increment(500);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    assert.equal(actor.getSnapshot().context.failure, undefined);
  });

  it("lingers when nobody wants it, and goes then", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), object({ a: 1 }), 1_000);
    actor.send({ type: "unwanted" });
    world.clock.increment(999);
    await settle();
    assert.deepEqual(world.calls, []);
    world.clock.increment(1);
    await settle();
    assert.deepEqual(world.calls, ["remove"]);
    assert.equal(actor.getSnapshot().status, "done");
  });

  it("goes although others change it while it lingers", async () => {
    const world = new World();
    const actor = world.start(undefined, object({ a: 1 }), 1_000);
    for (let passed = 0; passed < 1_000; passed += 100) {
      const changed = object({ a: passed }, { resourceVersion: String(passed + 1) });
      actor.send({ type: "seen", object: changed, version: BigInt(passed + 1) });
      world.clock.increment(100);
    }
    await settle();
    assert.deepEqual(world.calls, ["remove"]);
  });

  it("is written once, whatever is seen while that is under way", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), undefined);
    for (let version = 1; version < 20; version++) {
      const before = object({ a: 0 }, { resourceVersion: "1" });
      actor.send({ type: "seen", object: before, version: 1n });
    }
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
    assert.equal(actor.getSnapshot().value, "settled");
  });

  it("that is wanted again while it lingers stays", async () => {
    const world = new World();
    const wanted = object({ a: 1 });
    const actor = world.start(wanted, object({ a: 1 }), 1_000);
    actor.send({ type: "unwanted" });
    actor.send({ type: "wanted", object: wanted });
    world.clock.increment(2_000);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    assert.deepEqual(world.calls, []);
  });

  it("that is being deleted is waited for", async () => {
    const world = new World();
    const going = object({ a: 1 }, { deletionTimestamp: "now", resourceVersion: "4" });
    const actor = world.start(object({ a: 1 }), going);
    await settle();
    assert.equal(actor.getSnapshot().value, "waiting");
    actor.send({ type: "seen", object: undefined, version: 5n });
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
  });
});
