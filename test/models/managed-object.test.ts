import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, fromPromise, SimulatedClock } from "xstate";
import {
  managedObjectMachine,
  type ManagedObjectInput,
} from "../../src/machines/managed-object.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";

const object = (spec: object, metadata: object = {}): KubeObject =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", namespace: "n", ...metadata },
    spec,
  }) as unknown as KubeObject;

/** An API server with one object, which records the calls. */
class World {
  readonly clock = new SimulatedClock();
  readonly calls: string[] = [];
  refuses = false;
  version = 1;
  /** Undefined for a kind without generations. */
  generation: number | undefined = 0;

  start(wanted: KubeObject | undefined, actual: KubeObject | undefined, lingerMs = 0) {
    return this.run({ wanted, actual, version: 0n, lingerMs });
  }

  run(input: ManagedObjectInput) {
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
    return createActor(logic, { input, clock: this.clock }).start();
  }

  /** The object as the server stores it: with the server's defaults. */
  stored(input: KubeObject): KubeObject {
    const { spec, metadata } = input as KubeObject & { spec: object };
    const { annotations = {} } = metadata;
    const resourceVersion = String(++this.version);
    const counted = this.generation === undefined ? {} : { generation: ++this.generation };
    return object(
      { ...spec, addedByTheServer: true },
      { annotations, resourceVersion, ...counted },
    );
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a managed object", () => {
  it("is created once, and not written again", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    actor.send({ type: "seen", object: actor.getSnapshot().context.actual, version: 2n });
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("is not written if it exists already", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), object({ a: 1, b: 2 }));
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    assert.deepEqual(world.calls, []);
  });

  it("of a kind without a generation is repaired when another program changes it", async () => {
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

  it("that is compared by its digest is left to other programs, which may change its content", async () => {
    const world = new World();
    const marked = (digest: string, spec: object, metadata: object = {}) =>
      object(spec, { annotations: { "ipman.dialo.ai/digest": digest }, ...metadata });
    const input = { version: 0n, lingerMs: 0, comparedBy: "digest" } as const;
    const actual = marked("1", { a: "changed" });
    const actor = world.run({ ...input, wanted: marked("1", { a: 1 }), actual });
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    actor.send({ type: "wanted", object: marked("2", { a: 1 }) });
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("is repaired when another program deletes or changes it", async () => {
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

  it("is not compared with a state from before the last write", async () => {
    const world = new World();
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    actor.send({ type: "seen", object: undefined, version: 1n });
    await settle();
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("is not applied repeatedly if the server stores something else", async () => {
    const world = new World();
    world.stored = () => object({ a: "normalised" }, { resourceVersion: "3", generation: 1 });
    const actor = world.start(object({ a: 1 }), undefined);
    await settle();
    assert.equal(actor.getSnapshot().value, "settled");
    assert.deepEqual(world.calls, ["apply"]);
  });

  it("is retried after a backoff if the server refuses it", async () => {
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

  it("is kept for a while when it becomes unwanted, and is deleted then", async () => {
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

  it("is deleted although other programs change it meanwhile", async () => {
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

  it("is written once, even if older states arrive during the write", async () => {
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

  it("is kept if it is wanted again before its deletion", async () => {
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

  it("is created again after its deletion by another program ends", async () => {
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
