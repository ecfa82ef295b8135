import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lastValueFrom, toArray } from "rxjs";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { rekey, restart, type Outcome } from "../../src/runtime/connections/connection-commands.ts";
import type { ConnectionActor } from "../../src/machines/connection/connection.ts";
import { childrenOf } from "../../src/runtime/diagnosis/subject.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { pathSnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import { resourceOf, World } from "../simulator/world.ts";

const children = { lan: childSpec(2, { name: "lan" }), dmz: childSpec(3, { name: "dmz" }) };

async function started(declared: Readonly<Record<string, object>> = children): Promise<World> {
  const world = new World([
    resourceOf(secret({ partner: "a key" })),
    resourceOf(connectionSpec("partner", { children: declared })),
  ]);
  await world.start();
  const up = Object.keys(declared).map(() => "established");
  await eventually(() => assert.deepEqual(states(world), up));
  return world;
}

const states = (world: World) =>
  statusOf(world.supervisor).connections.flatMap((one) => one.children.map(({ state }) => state));

const outcomes = (order: ReturnType<typeof rekey>): Promise<Outcome[]> =>
  lastValueFrom(order.pipe(toArray()));

const described = (all: readonly Outcome[]) =>
  all.map(({ child, done, message }) => `${child} ${done} ${message}`).toSorted();

describe("the commands of a user", () => {
  it("rekey every child or one child, and report the result of each", async () => {
    await using world = await started();
    const { supervisor } = world;
    assert.deepEqual(described(await outcomes(rekey(supervisor, "partner"))), [
      "dmz true has a new CHILD SA",
      "lan true has a new CHILD SA",
    ]);
    assert.deepEqual(described(await outcomes(rekey(supervisor, "partner", "lan"))), [
      "lan true has a new CHILD SA",
    ]);
    assert.deepEqual(states(world), ["established", "established"]);
  });

  it("accept the name of a child in place of its key", async () => {
    await using world = await started({ a: childSpec(2, { name: "lan" }) });
    const { supervisor } = world;
    const rekeyed = await outcomes(rekey(supervisor, "partner", "lan"));
    assert.deepEqual(described(rekeyed), ["a true has a new CHILD SA"]);
    const [root] = supervisor.roots.values();
    assert.deepEqual(
      childrenOf(root as ConnectionActor, "lan").map(({ child }) => child.key),
      ["a"],
    );
  });

  it("are refused for an unknown name, and for a child without an SA to rekey", async () => {
    await using world = await started();
    const { supervisor } = world;
    assert.throws(() => rekey(supervisor, "absent"), /no connection "absent" here; known: partner/);
    assert.throws(() => rekey(supervisor, "partner", "wan"), /no child "wan"; it has lan, dmz/);
    world.behaviours.set("partner", "wrong key");
    world.charon.peerCloses("partner");
    await eventually(() => assert.deepEqual(states(world), ["failed", "failed"]));
    assert.match(
      described(await outcomes(rekey(supervisor, "partner", "lan")))[0] ?? "",
      /lan false is failed/,
    );
  });

  it("restart a connection with a new IKE SA", async () => {
    await using world = await started();
    const ids = () => {
      const root = world.supervisor.roots.get("partner")?.getSnapshot();
      return (root && pathSnapshotOf(root))?.context.ikeSas.map((sa) => sa.uniqueId);
    };
    const before = ids();
    assert.deepEqual(described(await outcomes(restart(world.supervisor, "partner"))), [
      "dmz true carries traffic again",
      "lan true carries traffic again",
    ]);
    assert.equal(ids()?.length, 1);
    assert.notDeepEqual(ids(), before);
  });

  it("restart a connection that the peer refused, without a wait for its next retry", async () => {
    await using world = await started();
    world.behaviours.set("partner", "wrong key");
    world.charon.peerCloses("partner");
    await eventually(() => assert.deepEqual(states(world), ["failed", "failed"]));
    const refused = await outcomes(restart(world.supervisor, "partner"));
    assert.deepEqual(
      refused.map(({ done }) => done),
      [false, false],
    );
    world.behaviours.set("partner", "answers");
    const repaired = await outcomes(restart(world.supervisor, "partner"));
    assert.deepEqual(
      repaired.map(({ done }) => done),
      [true, true],
    );
  });

  it("report the result of the restart itself, not that of an attempt under way", async () => {
    for (let round = 0; round < 10; round++) {
      await using world = await started({ lan: children.lan });
      world.behaviours.set("partner", "wrong key");
      world.charon.peerCloses("partner");
      await eventually(() => assert.deepEqual(states(world), ["negotiating"]), 5_000, 0);
      world.behaviours.set("partner", "answers");
      assert.deepEqual(described(await outcomes(restart(world.supervisor, "partner"))), [
        "lan true carries traffic again",
      ]);
    }
  });
});
