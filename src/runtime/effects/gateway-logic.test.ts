import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Subject } from "rxjs";
import type { KernelPart } from "../../machines/gateway/gateway-types.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import { connectionOf, gateway } from "../../../test/models/fixtures.ts";
import { obedientNetwork, simulatedPlacement } from "../../../test/simulator/placement.ts";
import { observedActor } from "../actors/observed-actor.ts";
import { WorkQueue } from "../actors/work-queue.ts";
import type { NetworkPort } from "../ports/ports.ts";
import { gatewayLogic } from "./gateway-logic.ts";

const fail = (error: unknown) => assert.fail(String(error));
const worker = { id: "bank/web-0" } as Worker;

/** A gateway with a namespace and a worker, in a network with these functions. */
async function attended(network: Partial<NetworkPort>) {
  const [child] = connectionOf().children;
  assert.ok(child);
  const logic = gatewayLogic({
    network: { ...obedientNetwork, ...network },
    placement: simulatedPlacement(),
    isDeclared: () => true,
    queue: new WorkQueue(),
    calls: { next: () => {} },
  });
  const input = { connection: connectionOf(), child, tunnels: [child.ifId] };
  const actor = observedActor(logic, { input }, { failed: fail, broke: fail }).start();
  actor.send({ type: "endpoints.changed", gateway, workers: [worker] });
  // Each of its calls waits in the work queue.
  for (let i = 0; i < 10; i++) await setImmediate();
  return { actor, shown: () => actor.getSnapshot() };
}

describe("the effects of a gateway", () => {
  it("watch its namespace and announce it to its workers until it stops", async () => {
    const changes = new Subject<KernelPart>();
    let announced = 0;
    const { actor, shown } = await attended({ watch: () => changes, announce: () => announced++ });
    assert.deepEqual(shown().value, { ready: "quiet" });
    assert.equal(announced, 1);
    changes.next("routes");
    assert.deepEqual(shown().value, { ready: "changed" });
    actor.stop();
    assert.equal(changes.observed, false);
  });

  it("announce it at once, each time that it takes over or the gateway of another group does", async () => {
    const announced: (boolean | undefined)[] = [];
    const { actor, shown } = await attended({ announce: ({ carries }) => announced.push(carries) });
    const turn = async (carries: boolean) => {
      const { tunnels, tunnel } = shown().context;
      actor.send({ type: "tunnels.changed", tunnels, tunnel, carries });
      for (let i = 0; i < 10; i++) await setImmediate();
    };
    for (const carries of [false, true, false, true]) await turn(carries);
    actor.stop();
    assert.deepEqual(announced, [true, false, true, false, true]);
  });

  it("announce it at once, if the gateway of another group may have attracted its workers", async () => {
    let announced = 0;
    const { actor, shown } = await attended({ announce: () => announced++ });
    assert.equal(announced, 1);
    for (const count of [2, 3]) {
      actor.send({ type: "announce" });
      for (let i = 0; i < 10; i++) await setImmediate();
      assert.equal(announced, count);
      assert.deepEqual(shown().value, { ready: "quiet" });
    }
    actor.stop();
  });

  it("announce a gateway whose namespace cannot be watched, and report that", async () => {
    let announced = 0;
    const watch = () => {
      throw new Error("EMFILE");
    };
    const { actor, shown } = await attended({ watch, announce: () => announced++ });
    assert.equal(shown().value, "degraded");
    assert.equal(shown().context.failure?.message, "the namespace cannot be watched: EMFILE");
    assert.equal(announced, 1);
    actor.stop();
  });
});
