import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import fc from "fast-check";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import {
  reservationsConfigMap,
  type ConnectionReservations,
} from "../../src/model/addresses/connection-reservations.ts";
import { replicaEvents } from "../simulator/replica-events.ts";
import { asking, ttlMs, type Replica } from "../simulator/admitting.ts";
import { pass, TwoReplicas } from "../simulator/two-replicas.ts";

async function addressOf(answer: ReturnType<Replica["admit"]> | undefined) {
  const { pod } = (await answer) as { pod: KubeObject };
  return { pod, address: pod.metadata.annotations?.[annotation.vxlanIp] };
}

describe("the addresses that two replicas assign", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("are each assigned to one pod in any sequence of events, and are free at the end", async () => {
    const latencies = fc.infiniteStream(fc.nat(20));
    await fc.assert(
      fc.asyncProperty(
        fc.array(replicaEvents, { maxLength: 25 }),
        latencies,
        async (run, latency) => {
          using world = new TwoReplicas(
            "10.0.2.10-10.0.2.79",
            () => latency.next().value as number,
          );
          await pass(200);
          const asked: Promise<void>[] = [];
          for (const apply of run) await apply(world, asked);
          await pass(10_000);
          for (const replica of world.replicas) replica.lagMs = 0;
          await Promise.all(asked);
          for (const pod of world.pods) world.delete(pod);
          // Reservations end without a leader as well.
          await pass(ttlMs + 20_000);
          assert.deepEqual(world.pending, []);
        },
      ),
      { numRuns: Number(process.env["IPMAN_RUNS"] ?? 8) },
    );
  });

  it("are not assigned by a replica that has not yet seen the pods that hold them", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.79", () => 5);
    await pass(200);
    world.slow(1, 3_000);
    const asked = [world.create(0)];
    await pass(2_200);
    assert.ok(!world.pending.includes("10.0.2.10"), "the reservation has ended");
    asked.push(world.create(1));
    await pass(5_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 2);
  });

  it("stay reserved when a replica that still sees their previous pods writes", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.19", () => 5);
    await pass(200);
    const [one, other] = world.replicas as [Replica, Replica];
    const that = (n: number) => ({ [annotation.address]: `10.0.2.${n}` });
    await world.created(0, 6_000, that(10));
    Object.assign(other, { lagging: "Pod", lagMs: 2_000 });
    for (const pod of world.pods) world.delete(pod);
    await pass(500);
    const answers = [one.admit(asking("next", that(10)))];
    await pass(100);
    answers.push(other.admit(asking("beside", that(11))));
    await pass(100);
    await Promise.all(answers);
    assert.deepEqual(world.pending.toSorted(), ["10.0.2.10", "10.0.2.11"]);
  });

  it("do not stay reserved by a malformed id while a pod holds them", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.19", () => 5);
    await pass(200);
    await world.created(0, 6_000);
    const reservations = world.reservations as ConnectionReservations;
    const [pod] = world.pods as [KubeObject];
    const written = { ...reservations, pending: { "10.0.2.10": "a while ago" } };
    world.api.put(resourceTypes.ConfigMap, reservationsConfigMap(written));
    await pass(ttlMs + 10_000);
    assert.deepEqual(world.pending, []);
    assert.equal(world.reservations?.podsVersion, pod.metadata.resourceVersion);
  });

  it("are free soon after a pod ends, even if the leader sees its end before its reservation", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.19", () => 5);
    await pass(200);
    const [leader, other] = world.replicas as [Replica, Replica];
    Object.assign(leader, { lagging: "ConfigMap", lagMs: 2_000 });
    // Otherwise its next write would end the reservation.
    Object.assign(other, { lagging: "Pod", lagMs: 5_000 });
    await world.created(1, 200);
    for (const pod of world.pods) world.delete(pod);
    await pass(1_000);
    assert.equal(world.pending.length, 1, "the leader has not seen it yet");
    await pass(8_000);
    assert.deepEqual(world.pending, []);
  });

  it("are free once their pod has finished, even if it still exists", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.10", () => 5);
    await pass(200);
    for (let round = 0; round < 3; round++) {
      await world.created(round, 6_000);
      assert.deepEqual([world.pods.length, world.denials], [1, []], `round ${round}`);
      for (const pod of world.pods) world.finish(pod);
      await pass(1_000);
    }
  });

  it("are the same in a second request for a pod, and different for a copy of the pod", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const answers = Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        // The first request reserves its address; later ones get prefetched addresses.
        await new Promise<void>((resolve) => setTimeout(resolve, 100 * n));
        const first = await addressOf(world.replicas[0]?.admit(asking(`pod-${n}`)));
        const { pod, address } = first;
        const again = await addressOf(world.replicas[1]?.admit(pod));
        const copy = { ...pod, metadata: { ...pod.metadata, name: `copy-${n}` } };
        const copied = await addressOf(world.replicas[1]?.admit(copy));
        return [again.address === address, copied.address === address];
      }),
    );
    await pass(2_000);
    for (const answer of await answers) assert.deepEqual(answer, [true, false]);
  });

  it("are all assigned before any pod is denied", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.159", () => 5);
    await pass(200);
    const asked: Promise<void>[] = [];
    for (let i = 0; i < 200; i++) {
      asked.push(world.create(i % 3));
      await pass(5);
    }
    await pass(20_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 150);
    assert.equal(world.denials.length, 50);
    for (const denial of world.denials)
      assert.match(denial, /has no free address: all 150 are given/);
  });

  it("need fewer writes than pods when many pods are created", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const asked = await world.createMany(0, 100);
    await pass(1_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 100);
    assert.ok(world.api.written.length < 40, `${world.api.written.length} writes`);
  });

  it("are reserved by one write for the requests that arrive during another", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const before = world.api.written.length;
    const asked = Array.from({ length: 5 }, () => world.create(0));
    await pass(20);
    assert.equal(world.api.written.length - before, 1);
    await pass(1_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 5);
  });

  it("are no longer reserved after the first write once their pods exist, even without a leader", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    world.replicas[0]?.[Symbol.dispose]();
    await pass(200);
    const asked = await world.createMany(1, 50);
    await pass(3_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 50);
    assert.deepEqual(world.pending, []);
  });

  it("are prefetched by a replica without requests while another replica assigns many", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const asked = await world.createMany(0, 50);
    const since = Date.now();
    const answer = world.replicas[1]?.admit(asking("late")).then(() => Date.now() - since);
    await pass(100);
    assert.ok(((await answer) ?? 1_000) < 10, "a write takes 10 ms");
    await pass(1_000);
    await Promise.all(asked);
  });

  it("are reserved by two replicas at once, and the replica that gets a conflict retries once", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    // The first request creates the ConfigMap.
    await world.created(0, 3_000);
    const before = world.api.written.length;
    const since = Date.now();
    const [one, other] = world.replicas.map(async (replica, i) => {
      await replica.admit(asking(`both-${i}`));
      return Date.now() - since;
    });
    await pass(100);
    // A write takes 10 ms; the other write conflicts, and its replica reads and writes again.
    const took = [(await one) ?? Infinity, (await other) ?? Infinity];
    assert.ok(Math.min(...took) < 20, took.join());
    assert.ok(Math.max(...took) < 40, took.join());
    assert.equal(world.api.written.length - before, 2);
  });

  it("keep their ConfigMap until some time after the connection is deleted", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    await world.created(0, 6_000);
    const [connection] = world.api.all(resourceTypes.IPSecConnection) as [KubeObject];
    for (const pod of world.pods) world.delete(pod);
    await pass(ttlMs + 10_000);
    assert.deepEqual(world.pending, []);
    assert.ok(world.reservations !== undefined, "a pod may be created at any time");
    world.api.remove(resourceTypes.IPSecConnection, connection.metadata);
    await pass(ttlMs - 10_000);
    assert.ok(world.reservations !== undefined, "the connection may be created again");
    await pass(20_000);
    assert.equal(world.reservations, undefined);
    world.api.put(resourceTypes.IPSecConnection, connection);
    await pass(200);
    await world.created(1, 1_000);
    assert.equal(world.pods.length, 1);
  });

  it("are assigned again after the reservations were deleted", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const asked = await world.createMany(0, 30);
    await pass(200);
    const prefetched = "10.0.2.40";
    assert.ok(world.pending.includes(prefetched), "it would be assigned next");
    world.api.remove(
      resourceTypes.ConfigMap,
      (world.reservations as ConnectionReservations).metadata,
    );
    await pass(100);
    // At most one of these two gets the address, since its prefetch has ended.
    asked.push(world.create(0), world.create(1, { [annotation.address]: prefetched }));
    await pass(100);
    asked.push(...(await world.createMany(0, 30)));
    await pass(10_000);
    await Promise.all(asked);
    assert.equal(world.pods.length + world.denials.length, 62);
    assert.deepEqual(world.pending, []);
  });

  it("are not assigned while the reservations cannot be read", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    await world.created(0, 6_000);
    const reservations = reservationsConfigMap(world.reservations as ConnectionReservations);
    world.api.put(resourceTypes.ConfigMap, {
      ...reservations,
      data: { pendingIps: "{" },
    } as KubeObject);
    await pass(100);
    await world.created(1, 1_000);
    assert.equal(world.pods.length, 1);
    assert.match(
      world.denials.join(),
      /ConfigMap ipman-system\/reservations-partner-\w+: data\.pendingIps is not a JSON object of strings; delete it while no pods are created/,
    );
    world.api.remove(resourceTypes.ConfigMap, reservations.metadata);
    await pass(100);
    await world.created(1, 1_000);
    assert.equal(world.pods.length, 2);
  });
});
