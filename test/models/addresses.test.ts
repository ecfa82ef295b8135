import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import fc from "fast-check";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { bookObject, type ReservationBook } from "../../src/model/addresses/reservation-book.ts";
import { replicaEvents } from "../simulator/replica-events.ts";
import { asking, ttlMs, type Replica } from "../simulator/admitting.ts";
import { pass, TwoReplicas } from "../simulator/two-replicas.ts";

async function addressOf(answer: ReturnType<Replica["admit"]> | undefined) {
  const { pod } = (await answer) as { pod: KubeObject };
  return { pod, address: pod.metadata.annotations?.[annotation.vxlanIp] };
}

describe("the addresses that two replicas give", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("are each one pod's, whatever happens, and free when it is over", async () => {
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
          // Without a leader, too.
          await pass(ttlMs + 20_000);
          assert.deepEqual(world.pending, []);
        },
      ),
      { numRuns: Number(process.env["IPMAN_RUNS"] ?? 8) },
    );
  });

  it("are not given by one that has not seen the pods that have them", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.79", () => 5);
    await pass(200);
    world.slow(1, 3_000);
    const asked = [world.create(0)];
    await pass(2_200);
    assert.ok(!world.pending.includes("10.0.2.10"), "its reservation is over");
    asked.push(world.create(1));
    await pass(5_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 2);
  });

  it("stay reserved though another replica, that still sees who had them, writes", async () => {
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

  it("are not reserved for ever by who knows no time, though a pod has them", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.19", () => 5);
    await pass(200);
    await world.created(0, 6_000);
    const book = world.book as ReservationBook;
    const [pod] = world.pods as [KubeObject];
    const written = { ...book, pending: { "10.0.2.10": "a while ago" } };
    world.api.put(resourceTypes.ConfigMap, bookObject(written));
    await pass(ttlMs + 10_000);
    assert.deepEqual(world.pending, []);
    assert.equal(world.book?.podsVersion, pod.metadata.resourceVersion);
  });

  it("are free soon after a pod's end, also where that is seen before its reservation", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.19", () => 5);
    await pass(200);
    const [leader, other] = world.replicas as [Replica, Replica];
    Object.assign(leader, { lagging: "ConfigMap", lagMs: 2_000 });
    // Or it would end the reservation with the next that it writes.
    Object.assign(other, { lagging: "Pod", lagMs: 5_000 });
    await world.created(1, 200);
    for (const pod of world.pods) world.delete(pod);
    await pass(1_000);
    assert.equal(world.pending.length, 1, "the leader does not know of it yet");
    await pass(8_000);
    assert.deepEqual(world.pending, []);
  });

  it("are free of a pod that has finished, and is still there", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.10", () => 5);
    await pass(200);
    for (let round = 0; round < 3; round++) {
      await world.created(round, 6_000);
      assert.deepEqual([world.pods.length, world.denials], [1, []], `round ${round}`);
      for (const pod of world.pods) world.finish(pod);
      await pass(1_000);
    }
  });

  it("are the same for a pod that is asked about again, and another's for a copy of it", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const answers = Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        // The first is reserved when it is asked for; those after it were ahead.
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

  it("are all given before any pod is refused", async () => {
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

  it("are at hand without a write for each pod when many are asked for", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const asked = await world.createMany(0, 100);
    await pass(1_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 100);
    assert.ok(world.api.written.length < 40, `${world.api.written.length} writes`);
  });

  it("are reserved by one write for those who come while it is made", async () => {
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

  it("are reserved no more once their pod is there and the next is written, also without a leader", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    world.replicas[0]?.[Symbol.dispose]();
    await pass(200);
    const asked = await world.createMany(1, 50);
    await pass(3_000);
    await Promise.all(asked);
    assert.equal(world.pods.length, 50);
    assert.deepEqual(world.pending, []);
  });

  it("are at hand where nobody asked yet, while another replica gives many", async () => {
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

  it("are reserved by two at once, of whom one thinks again once", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    // Whoever is the first of all makes the book.
    await world.created(0, 3_000);
    const before = world.api.written.length;
    const since = Date.now();
    const [one, other] = world.replicas.map(async (replica, i) => {
      await replica.admit(asking(`both-${i}`));
      return Date.now() - since;
    });
    await pass(100);
    // A write takes 10 ms; the other's is refused, and it looks and writes again.
    const took = [(await one) ?? Infinity, (await other) ?? Infinity];
    assert.ok(Math.min(...took) < 20, took.join());
    assert.ok(Math.max(...took) < 40, took.join());
    assert.equal(world.api.written.length - before, 2);
  });

  it("are reserved for as long as there is a connection, and a while longer", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    await world.created(0, 6_000);
    const [connection] = world.api.all(resourceTypes.IPSecConnection) as [KubeObject];
    for (const pod of world.pods) world.delete(pod);
    await pass(ttlMs + 10_000);
    assert.deepEqual(world.pending, []);
    assert.ok(world.book !== undefined, "a pod may come at any time");
    world.api.remove(resourceTypes.IPSecConnection, connection.metadata);
    await pass(ttlMs - 10_000);
    assert.ok(world.book !== undefined, "the connection may come again");
    await pass(20_000);
    assert.equal(world.book, undefined);
    world.api.put(resourceTypes.IPSecConnection, connection);
    await pass(200);
    await world.created(1, 1_000);
    assert.equal(world.pods.length, 1);
  });

  it("are given anew when somebody deleted what was reserved", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    const asked = await world.createMany(0, 30);
    await pass(200);
    const ahead = "10.0.2.40";
    assert.ok(world.pending.includes(ahead), "it would be the next");
    world.api.remove(resourceTypes.ConfigMap, (world.book as ReservationBook).metadata);
    await pass(100);
    // Of these two one at most gets it, since it is ahead no more.
    asked.push(world.create(0), world.create(1, { [annotation.address]: ahead }));
    await pass(100);
    asked.push(...(await world.createMany(0, 30)));
    await pass(10_000);
    await Promise.all(asked);
    assert.equal(world.pods.length + world.denials.length, 62);
    assert.deepEqual(world.pending, []);
  });

  it("are not given while what is reserved cannot be read", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 5);
    await pass(200);
    await world.created(0, 6_000);
    const book = bookObject(world.book as ReservationBook);
    world.api.put(resourceTypes.ConfigMap, { ...book, data: { pendingIps: "{" } } as KubeObject);
    await pass(100);
    await world.created(1, 1_000);
    assert.equal(world.pods.length, 1);
    assert.match(
      world.denials.join(),
      /ConfigMap ipman-system\/reservations-partner-\w+: data\.pendingIps is no JSON object of texts; delete it while no pods start/,
    );
    world.api.remove(resourceTypes.ConfigMap, book.metadata);
    await pass(100);
    await world.created(1, 1_000);
    assert.equal(world.pods.length, 2);
  });
});
