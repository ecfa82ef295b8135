import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BehaviorSubject, combineLatest, defer, map } from "rxjs";
import { connectionSpec, childSpec, secret } from "../../lab/sites/manifests.ts";
import { eventually } from "../../lab/sites/shell.ts";
import type { Gateway, Worker } from "../../src/model/network/endpoint.ts";
import { Reason } from "../../src/model/status/failure.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { simulatedPlacement } from "../simulator/placement.ts";
import { resourceOf, World } from "../simulator/world.ts";

const resources = [
  resourceOf(secret({ broken: "a key", sound: "a key" })),
  resourceOf(connectionSpec("broken")),
  resourceOf(connectionSpec("sound", { children: { lan: childSpec(3) } })),
];

const status = (world: World, id: string) =>
  statusOf(world.supervisor).connections.find((one) => one.id === id);

const state = (world: World, id: string) => status(world, id)?.state;

const planted = () => new Error("a planted defect");

/** Runs until the sound connection is up and the planted exception was reported. */
async function outlives(world: World): Promise<void> {
  await world.start();
  await eventually(() => {
    assert.equal(state(world, "sound"), "established");
    assert.match(String(world.breakdowns[0]), /a planted defect/);
  });
}

describe("an exception", () => {
  it("of an observer of transitions is reported and does not stop any actor", async () => {
    let thrown = 0;
    await using world = new World(resources);
    world.supervisor.events.transitions.subscribe(() => {
      thrown++;
      throw planted();
    });
    await outlives(world);
    await eventually(() => assert.equal(state(world, "broken"), "established"));
    await eventually(() => assert.equal(world.breakdowns.length, thrown, "each is reported once"));
  });

  it("of an observer of the work queue does not stop the queue", async () => {
    await using world = new World(resources);
    world.supervisor.events.queueWaits.subscribe(() => {
      throw planted();
    });
    await outlives(world);
  });

  it("in a chart breaks down one connection, which restarts", async () => {
    const placement = simulatedPlacement();
    const defect = new BehaviorSubject(false);
    // Only the gateway's chart reads the ids.
    const defective = (gateway: Gateway): Gateway => ({
      ...gateway,
      get id(): string {
        throw planted();
      },
    });
    const gateways = combineLatest([placement.gateways, defect]).pipe(
      map(([all, isOn]) =>
        all.map((one) => (isOn && one.connection === "broken" ? defective(one) : one)),
      ),
    );
    await using world = new World(resources, {}, { placement: { ...placement, gateways } });
    await world.start();
    const bothUp = () =>
      eventually(() => {
        assert.equal(state(world, "broken"), "established");
        assert.equal(state(world, "sound"), "established");
      });
    await bothUp();
    defect.next(true);
    await eventually(() => {
      assert.match(String(world.breakdowns[0]), /a planted defect/);
      assert.equal(status(world, "broken")?.failure?.reason, Reason.Internal);
    });
    assert.equal(state(world, "sound"), "established");
    defect.next(false);
    await bothUp();
  });

  it("during the delivery of endpoints to one connection breaks down only this connection", async () => {
    const workers = new BehaviorSubject<readonly Worker[]>([]);
    await using world = new World(
      resources,
      {},
      { placement: { ...simulatedPlacement(), workers } },
    );
    await world.start();
    await eventually(() => assert.equal(state(world, "broken"), "established"));
    const root = world.supervisor.roots.get("broken");
    assert.ok(root);
    root.send = () => {
      throw planted();
    };
    const address = { family: 4, value: 3n } as const;
    const worker = {
      id: "w",
      connection: "broken",
      child: "child-2",
      pool: "primary",
      reservation: "r",
    };
    workers.next([{ ...worker, address: { address, length: 24 }, underlay: address }]);
    await eventually(() => {
      const { failure, conditions } = status(world, "broken") ?? {};
      assert.equal(failure?.reason, Reason.Internal);
      assert.ok(conditions?.some(({ type, status: is }) => type === "Ready" && is === "False"));
    });
    assert.equal(state(world, "sound"), "established");
    await eventually(() => assert.equal(state(world, "broken"), "established"));
    assert.equal(world.breakdowns.length, 1);
  });

  it("in a connection named charon breaks down this connection, and not the actor of charon", async () => {
    const named = [
      resourceOf(secret({ charon: "a key", sound: "a key" })),
      resourceOf(connectionSpec("charon")),
      resourceOf(connectionSpec("sound", { children: { lan: childSpec(3) } })),
    ];
    await using world = new World(named);
    await world.start();
    const up = (id: string) => assert.equal(state(world, id), "established");
    await eventually(() => ["charon", "sound"].forEach(up));
    const root = world.supervisor.roots.get("charon");
    assert.ok(root);
    root.send = () => {
      throw planted();
    };
    world.charon.peerCloses("charon");
    await eventually(() => assert.equal(status(world, "charon")?.failure?.reason, Reason.Internal));
    assert.ok(world.supervisor.charonSnapshot.matches("connected"));
    await eventually(() => ["charon", "sound"].forEach(up));
  });

  it("in the stream of gateways is followed by a new subscription to the stream", async () => {
    const placement = simulatedPlacement();
    let subscriptions = 0;
    const gateways = defer(() => {
      if (++subscriptions === 1) throw planted();
      return placement.gateways;
    });
    await using world = new World(resources, {}, { placement: { ...placement, gateways } });
    await outlives(world);
    await eventually(() => assert.equal(subscriptions, 2));
  });
});
