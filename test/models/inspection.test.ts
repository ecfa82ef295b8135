import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnyMachineSnapshot } from "xstate";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { noRecurrence } from "../../src/machines/common/recurrence.ts";
import { actorsNow, inspection } from "../../src/runtime/inspector/inspection.ts";
import { shownContext } from "../../src/runtime/inspector/projection.ts";
import type {
  ActorMessage,
  SnapshotMessage,
  InspectorMessage,
} from "../../src/runtime/inspector/wire.ts";
import { pathSnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import { resourceOf, World } from "../simulator/world.ts";

const connections = (...specs: object[]) => specs.map((spec, i) => connectionSpec(`c${i}`, spec));

function declared(key: string, ...specs: object[]) {
  const all = connections(...specs);
  const keys = Object.fromEntries(all.map(({ metadata }) => [metadata.name, key]));
  return [resourceOf(secret(keys)), ...all.map(resourceOf)];
}

const one = { children: { lan: childSpec(2, { name: "lan" }) } };
const other = { children: { dmz: childSpec(3, { name: "dmz" }) } };

/** The messages that a viewer receives from now on. */
function inspect(world: World) {
  const events: InspectorMessage[] = [];
  const subscription = inspection(world.supervisor).subscribe((event) => events.push(event));
  const actors = () =>
    events.filter((event): event is ActorMessage => event.type === "@xstate.actor");
  const states = (sessionId: string | undefined) =>
    events
      .filter((event): event is SnapshotMessage => event.type === "@xstate.snapshot")
      .filter((event) => event.sessionId === sessionId)
      .map(({ snapshot }) => snapshot.value);
  const named = (name: string) => actors().findLast((actor) => actor.name === name);
  return { events, actors, states, named, subscription };
}

/** The snapshot of a connection's path. */
function snapshotOf(world: World, id: string) {
  const root = world.supervisor.roots.get(id)?.getSnapshot();
  return root && pathSnapshotOf(root);
}

const isUp = async (world: World, names: readonly string[]) =>
  eventually(() => {
    for (const name of names) {
      const value: unknown = world.supervisor.roots.get(name)?.getSnapshot().value;
      assert.equal(value, "established");
    }
  }, 5_000);

describe("the inspection of a supervisor", () => {
  it("has every machine with its parent, chart and states", async () => {
    await using world = new World(declared("a key", one, other));
    await world.start();
    await isUp(world, ["c0", "c1"]);
    await eventually(() => {
      const { actors, named, subscription, events } = inspect(world);
      subscription.unsubscribe();
      assert.equal(actorsNow(world.supervisor).length, events.length);
      const names = actors().map(({ name }) => name);
      assert.deepEqual(names.toSorted(), [
        "c0",
        "c1",
        "charon",
        "child.dmz",
        "child.lan",
        "gateway.dmz",
        "gateway.lan",
        "path.main",
        "path.main",
      ]);
      assert.equal(new Set(actors().map(({ sessionId }) => sessionId)).size, names.length);
      const lan = named("child.lan");
      const paths = actors().filter(({ name }) => name === "path.main");
      const path = paths.find(({ sessionId }) => sessionId === lan?.parentId);
      assert.equal(path?.parentId, named("c0")?.sessionId);
      assert.equal(lan?.rootId, named("c0")?.sessionId);
      assert.equal(lan?.snapshot?.value, "established");
      assert.equal(lan?.snapshot?.publicState, "established");
      assert.equal(named("gateway.lan")?.snapshot?.publicState, undefined);
      const { states } = JSON.parse(lan?.definition ?? "") as { states: object };
      assert.ok("negotiating" in states && "rekeying" in states);
    }, 5_000);
  });

  it("has every change, including those of added and removed connections", async () => {
    await using world = new World(declared("a key", one));
    await world.start();
    await isUp(world, ["c0"]);
    const { named, states, events } = inspect(world);
    world.charon.peerCloses("c0");
    const lan = named("child.lan")?.sessionId;
    await eventually(() => {
      assert.ok(states(lan).some((value) => typeof value === "object" && value !== null));
      assert.equal(states(lan).at(-1), "established");
    }, 5_000);
    world.declare(declared("a key", one, other));
    await isUp(world, ["c1"]);
    assert.equal(states(named("c1")?.sessionId).at(-1), "established");
    world.declare(declared("a key", other));
    await eventually(() => assert.ok(!world.supervisor.roots.has("c1")), 5_000);
    const last = events.findLast(
      (event): event is SnapshotMessage =>
        event.type === "@xstate.snapshot" && event.sessionId === named("c1")?.sessionId,
    );
    assert.equal(last?.snapshot.status, "done");
  });

  it("ends with its subscription", async () => {
    await using world = new World(declared("a key", one));
    await world.start();
    await isUp(world, ["c0"]);
    const { events, subscription } = inspect(world);
    subscription.unsubscribe();
    const before = events.length;
    world.charon.peerCloses("c0");
    await eventually(() => {
      assert.notEqual(snapshotOf(world, "c0")?.value, "established");
    }, 5_000);
    await isUp(world, ["c0"]);
    assert.equal(events.length, before);
  });

  it("contains no secret, even if a secret changes or is wrong", async () => {
    const secrets = ["planted-in-a-secret-1", "planted-in-a-secret-2"] as const;
    await using world = new World(declared(secrets[0], one));
    const { events } = inspect(world);
    await world.start();
    await isUp(world, ["c0"]);
    const revisions = new Set<string | undefined>();
    const note = () => revisions.add(snapshotOf(world, "c0")?.context.secretRevision);
    note();
    world.declare(declared(secrets[1], one));
    await isUp(world, ["c0"]);
    note();
    world.behaviours.set("c0", "wrong key");
    world.charon.peerCloses("c0");
    await eventually(() => assert.ok(JSON.stringify(events).includes("AuthenticationFailed")));
    assert.equal(revisions.size, 2);
    const bytes = JSON.stringify(events);
    for (const planted of [...secrets, ...revisions].map(String)) {
      assert.ok(!bytes.includes(planted), planted);
      assert.ok(!bytes.includes(Buffer.from(planted).toString("base64")), planted);
    }
  });

  it("shows only the named fields of a context, and nothing of an unknown machine", () => {
    const of = (id: string, context: object) =>
      shownContext({ machine: { id }, context } as unknown as AnyMachineSnapshot);
    const shown = { attempt: 2, failure: undefined, recurrence: noRecurrence };
    const context = { ...shown, presharedKey: "planted" };
    assert.deepEqual(of("charon", context), shown);
    assert.deepEqual(of("another", context), {});
  });
});
