import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import {
  reservationsConfigMap,
  type ConnectionReservations,
} from "../../src/model/addresses/connection-reservations.ts";
import { isPrefetched } from "../../src/model/addresses/reservation.ts";
import { ReservationAges } from "../../src/runtime/operator/addresses/reservation-ages.ts";
import { asking, ttlMs, type Replica } from "../simulator/admitting.ts";
import { pass, TwoReplicas } from "../simulator/two-replicas.ts";

type Annotations = Readonly<Record<string, string>>;

const pool = "10.0.2.10-10.0.2.250";
const that = (address: string) => ({ [annotation.address]: address });
const replicaOf = (world: TwoReplicas, which: number) => world.replicas[which] as Replica;

/** The pod as a replica admits it. */
async function answered(world: TwoReplicas, which: number, pod: KubeObject) {
  const answer = replicaOf(world, which).admit(pod);
  await pass(200);
  const outcome = await answer;
  assert.ok("pod" in outcome, JSON.stringify(outcome));
  return outcome.pod;
}

const annotationsOf = ({ metadata }: KubeObject): Annotations => metadata.annotations ?? {};
const addressOf = (pod: KubeObject) => annotationsOf(pod)[annotation.vxlanIp]?.split("/")[0] ?? "";
const inNamespace = (pod: KubeObject, namespace: string): KubeObject => ({
  ...pod,
  metadata: { ...pod.metadata, namespace },
});

/** Admits and stores pods by one replica, and returns their addresses. */
async function stored(world: TwoReplicas, which: number, count: number): Promise<string[]> {
  const addresses: string[] = [];
  for (let i = 0; i < count; i++) {
    const pod = await answered(world, which, asking(`${which}-${i}-${world.pods.length}`));
    world.api.put(resourceTypes.Pod, pod);
    addresses.push(addressOf(pod));
  }
  return addresses;
}

describe("a reservation", () => {
  before(() => {
    mock.timers.enable({
      apis: ["setTimeout", "setInterval", "Date"],
      now: Date.UTC(2026, 10, 26),
    });
  });
  after(() => mock.timers.reset());

  it("of another namespace's pod cannot be claimed with facts that an author can know", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    const own = await answered(world, 0, inNamespace(asking("own"), "tenant"));
    const victim = await answered(world, 0, asking("db-0", that("10.0.2.200")));
    const reservationId = world.reservations?.pending["10.0.2.200"] ?? "";
    assert.equal(annotationsOf(victim)[annotation.reservedAt], reservationId);
    const ids = [annotationsOf(own), annotationsOf(victim)].map(
      (annotations) => annotations[annotation.reservation] ?? "",
    );
    for (const [i, id] of [...ids, "", "0".repeat(32)].entries()) {
      const claim = {
        [annotation.vxlanIp]: "10.0.2.200/24",
        [annotation.reservedAt]: reservationId,
        [annotation.reservation]: id,
      };
      const evil = await answered(world, 0, inNamespace(asking(`evil-${i}`, claim), "tenant"));
      assert.notEqual(addressOf(evil), "10.0.2.200");
    }
  });

  it("of a prefetched address cannot be claimed before it is assigned", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    const own = annotationsOf(await answered(world, 0, inNamespace(asking("own"), "tenant")));
    const { pending = {} } = world.reservations ?? {};
    const prefetched = Object.entries(pending).find(([, it]) => isPrefetched(it));
    const [address = "", reservationId = ""] = prefetched ?? [];
    assert.notEqual(address, "");
    const id = own[annotation.reservation] ?? "";
    const claim = {
      [annotation.vxlanIp]: `${address}/24`,
      [annotation.reservedAt]: reservationId,
      [annotation.reservation]: id,
    };
    const evil = await answered(world, 1, inNamespace(asking("evil", claim), "tenant"));
    assert.notEqual(addressOf(evil), address);
  });

  it("is not claimed again once its pod exists, by a copy with the same generateName", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    const { name: _, ...unnamed } = asking("any").metadata;
    const generated = { ...asking("any"), metadata: { ...unnamed, generateName: "web-" } };
    const first = await answered(world, 0, generated as KubeObject);
    const again = await answered(world, 1, first);
    assert.equal(addressOf(again), addressOf(first), "the API server may request twice");
    const named = { ...first, metadata: { ...first.metadata, name: "web-x7k2p" } };
    world.api.put(resourceTypes.Pod, named);
    await pass(50);
    const copy = await answered(world, 0, first);
    assert.notEqual(addressOf(copy), addressOf(first));
  });

  it("is not claimed again after its pod ended while the store still has it", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    const { name: _, ...unnamed } = asking("any").metadata;
    const generated = { ...asking("any"), metadata: { ...unnamed, generateName: "web-" } };
    const first = await answered(world, 0, generated as KubeObject);
    const named = { ...first, metadata: { ...first.metadata, name: "web-x7k2p" } };
    world.api.put(resourceTypes.Pod, named);
    await pass(50);
    world.delete(named);
    await pass(50);
    assert.ok(world.pending.includes(addressOf(first)));
    const copy = await answered(world, 1, first);
    assert.notEqual(addressOf(copy), addressOf(first));
  });

  for (const hours of [-72, -1, 1, 72]) {
    it(`ends in time, and its address is not assigned twice, with a clock set by ${hours} hours`, async () => {
      using world = new TwoReplicas(pool, () => 2);
      await pass(200);
      const before = await stored(world, 1, 8);
      assert.ok(world.pending.length > 0, "some are prefetched");
      world.setClock(1, hours);
      await pass(ttlMs + 20_000);
      assert.deepEqual(world.pending, [], "all have ended");
      const given = [...before, ...(await stored(world, 0, 12)), ...(await stored(world, 1, 12))];
      assert.equal(new Set(given).size, given.length, given.join(" "));
      world.setClock(0, -hours);
      given.push(...(await stored(world, 0, 12)), ...(await stored(world, 1, 12)));
      assert.equal(new Set(given).size, given.length, given.join(" "));
    });

    it(`is kept for its pod for the usual time with a leader's clock set by ${hours} hours`, async () => {
      using world = new TwoReplicas(pool, () => 2);
      await pass(200);
      const pod = await answered(world, 1, asking("late", that("10.0.2.100")));
      world.setClock(0, hours);
      await pass(ttlMs - 10_000);
      assert.ok(world.pending.includes("10.0.2.100"));
      world.api.put(resourceTypes.Pod, pod);
      await pass(ttlMs);
      assert.ok(!world.pending.includes("10.0.2.100"));
    });
  }

  it("is not used if it is missing from the store, although its address was prefetched", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    await stored(world, 1, 3);
    const { pending, ...reservations } = world.reservations as ConnectionReservations;
    // Replica 1 begins in the middle of a pool.
    const isOfReplica1 = ([address, reservationId]: [string, string]) =>
      isPrefetched(reservationId) && Number(address.split(".")[3]) > 130;
    const [taken] = Object.entries(pending).findLast(isOfReplica1) ?? [""];
    const others = Object.fromEntries(Object.entries(pending).filter(([it]) => it !== taken));
    world.api.put(
      resourceTypes.ConfigMap,
      reservationsConfigMap({ ...reservations, pending: others }),
    );
    await pass(50);
    const pod = await answered(world, 0, asking("other", that(taken)));
    assert.equal(addressOf(pod), taken);
    world.api.put(resourceTypes.Pod, pod);
    const given = await stored(world, 1, 20);
    assert.ok(!given.includes(taken), given.join(" "));
  });

  it("of a pod that ended while no replica led ends as soon as a replica leads", async () => {
    using world = new TwoReplicas(pool, () => 2);
    replicaOf(world, 0)[Symbol.dispose]();
    await pass(200);
    await world.created(1, 500, that("10.0.2.100"));
    for (const pod of world.pods) world.delete(pod);
    await pass(2_000);
    assert.ok(world.pending.includes("10.0.2.100"), "no replica leads");
    replicaOf(world, 1).lead();
    await pass(1_000);
    assert.ok(!world.pending.includes("10.0.2.100"));
  });

  it("ends even without a leader, after a longer time", async () => {
    using world = new TwoReplicas(pool, () => 2);
    replicaOf(world, 0)[Symbol.dispose]();
    await pass(200);
    await world.created(1, 500, that("10.0.2.100"));
    for (const pod of world.pods) world.delete(pod);
    await pass(20_000);
    assert.deepEqual(world.pending, []);
  });

  it("does not outlive a pod that ended while all replicas were away", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.10", () => 2);
    await pass(200);
    await world.created(1, 2_500);
    for (const replica of world.replicas) replica[Symbol.dispose]();
    for (const pod of world.pods) world.delete(pod);
    await pass(1_000);
    for (const which of [0, 1]) world.crash(which);
    await pass(200);
    await world.created(1, 2_000);
    assert.equal(world.pods.length, 1, world.denials.join());
  });

  it("of a pod that was created and ended while no replica ran ends in its time after a restart", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.10", () => 2);
    await pass(200);
    const pod = await answered(world, 1, asking("unseen"));
    for (const replica of world.replicas) replica[Symbol.dispose]();
    world.api.put(resourceTypes.Pod, pod);
    world.delete(pod);
    for (const which of [0, 1]) world.crash(which);
    // Such a pod looks like one that the API server still admits.
    await pass(ttlMs - 1_000);
    assert.equal(world.pending.length, 1);
    await pass(10_000);
    assert.deepEqual(world.pending, []);
    await world.created(1, 2_000);
    assert.equal(world.pods.length, 1, world.denials.join());
  });

  it("has an age even if it existed before the replica started to record ages", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    await answered(world, 0, asking("one", that("10.0.2.100")));
    const { cluster } = replicaOf(world, 1);
    const clock = { elapsed: () => Date.now(), date: () => 0 };
    using ages = new ReservationAges({ cluster, clock, keepMs: ttlMs });
    await pass(1_000);
    const reservationId = world.reservations?.pending["10.0.2.100"] ?? "";
    assert.ok(ages.age("partner", "10.0.2.100", reservationId) >= 1_000);
    assert.equal(ages.age("partner", "10.0.2.101", reservationId), 0);
  });

  it("without a pod ends in its time although the leader changes meanwhile", async () => {
    using world = new TwoReplicas(pool, () => 2);
    await pass(200);
    await answered(world, 1, asking("never", that("10.0.2.100")));
    await pass(ttlMs / 2);
    replicaOf(world, 0)[Symbol.dispose]();
    replicaOf(world, 1).lead();
    await pass(ttlMs / 2 - 10_000);
    assert.ok(world.pending.includes("10.0.2.100"));
    await pass(20_000);
    assert.ok(!world.pending.includes("10.0.2.100"));
  });
});
