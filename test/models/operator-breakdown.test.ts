import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Observable } from "rxjs";
import type { LeaseLock } from "../../src/adapters/kubernetes/lease.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { backgroundWrites } from "../../src/runtime/kubernetes/writes.ts";
import { ManagedObjects } from "../../src/runtime/operator/deployments/managed-objects.ts";
import { Leadership } from "../../src/runtime/operator/leadership.ts";
import { EventSubjects } from "../../src/runtime/effects/event-subjects.ts";
import { ReservationStore } from "../../src/runtime/operator/addresses/reservation-store.ts";
import { Probes } from "../../src/runtime/supervisor/probes.ts";
import { childSpec } from "../../lab/sites/manifests.ts";
import { asking, type Replica } from "../simulator/admitting.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass, TwoReplicas } from "../simulator/two-replicas.ts";
import { connectionOf, gateway } from "./fixtures.ts";

const planted = () => new Error("a planted defect");

describe("an exception", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  it("in an allocator refuses the waiting pods, and the next pod gets an address", async () => {
    using world = new TwoReplicas("10.0.2.10-10.0.2.250", () => 2);
    await pass(200);
    const replica = world.replicas[0] as Replica;
    const broken = mock.method(ReservationStore.prototype, "update", () =>
      Promise.reject(planted()),
    );
    const answers = Promise.all(["a", "b"].map((name) => replica.admit(asking(name))));
    await pass(2_000);
    for (const answer of await answers)
      assert.match("denied" in answer ? answer.denied : "admitted", /a planted defect/);
    broken.mock.restore();
    await pass(1_000);
    const again = replica.admit(asking("c"));
    await pass(200);
    assert.ok("pod" in (await again));
    assert.match(String(replica.troubles), /partner,Error: a planted defect/);
  });

  it("in the leader is reported, and its lease is released at the end", async () => {
    const failures: unknown[] = [];
    let released = 0;
    const lock = { acquire: async () => true, release: async () => void released++ };
    const leadership = new Leadership({
      lock: lock as unknown as LeaseLock,
      onLeading: () => {},
      onLost: () => assert.fail("the lease is not lost"),
      onFailed: (error) => void failures.push(error),
      onTrouble: () => {},
    });
    await pass(50);
    mock.method(Math, "random", () => {
      throw planted();
    });
    await pass(5_000);
    assert.match(String(failures), /a planted defect/);
    await leadership[Symbol.asyncDispose]();
    assert.equal(released, 1);
  });

  it("in a part that the leader starts is reported like one in the leader", async () => {
    const failures: unknown[] = [];
    const lock = { acquire: async () => true, release: async () => {} };
    await using _ = new Leadership({
      lock: lock as unknown as LeaseLock,
      onLeading: () => {
        throw planted();
      },
      onLost: () => assert.fail("the lease is not lost"),
      onFailed: (error) => void failures.push(error),
      onTrouble: () => {},
    });
    await pass(50);
    assert.match(String(failures), /a planted defect/);
  });

  it("in the actor of an object does not affect other objects, and the actor restarts after a backoff", async () => {
    const api = new KubeApi(() => 1);
    const client = api.client();
    const type = resourceTypes.Deployment;
    const named = (name: string): KubeObject => ({
      apiVersion: type.apiVersion,
      kind: type.kind,
      metadata: { name, namespace: "n" },
    });
    api.put(type, named("a"));
    using view = new ObjectStore<KubeObject>(client, { type, namespace: "n" });
    await pass(50);
    const breakdowns: unknown[] = [];
    const onBreakdown = (...breakdown: unknown[]) => void breakdowns.push(breakdown);
    using managed = new ManagedObjects({
      client,
      type,
      view,
      onBreakdown,
      writes: backgroundWrites(),
    });
    let defects = 2;
    // The machine compares the actual object with the wanted one.
    const defective = Object.defineProperty(named("a"), "spec", {
      enumerable: true,
      get: () => {
        if (defects-- > 0) throw planted();
        return { replicas: 1 };
      },
    });
    const wanted = new Map([
      ["n/a", defective],
      ["n/b", named("b")],
    ]);
    managed.keep({ wanted, whole: true });
    await pass(100);
    const made = () => api.written.toSorted().join();
    assert.match(made(), /n\/b/);
    assert.doesNotMatch(made(), /n\/a/);
    await pass(3_000);
    assert.match(made(), /n\/a/);
    assert.equal(breakdowns.length, 2);
    assert.match(String(breakdowns), /n\/a,Error: a planted defect/);
  });

  it("in a probe is reported, and the probe restarts after a backoff", async () => {
    const breakdowns: unknown[] = [];
    let isBroken = true;
    let asked = 0;
    const events = new EventSubjects();
    events.breakdowns.subscribe(({ id, error }) => breakdowns.push([id, error]));
    using probes = new Probes({
      network: {
        echoes: () => {
          if (isBroken) throw planted();
          asked++;
          return new Observable();
        },
      },
      events,
      changed: () => {},
    });
    const probe = { address: "10.1.2.1", intervalSeconds: 1 };
    const connection = connectionOf({ children: { lan: childSpec(2, { name: "lan", probe }) } });
    probes.update(
      new Map([[connection.id, connection]]),
      new Map([[connection.id, new Map([["lan", { gateway, workers: [] }]])]]),
    );
    assert.match(String(breakdowns), /a planted defect/);
    assert.deepEqual(probes.of(connection), ["unknown"]);
    isBroken = false;
    await pass(600);
    assert.equal(asked, 1);
    assert.equal(breakdowns.length, 1);
  });
});
