import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, SimulatedClock } from "xstate";
import type { GatewayEvent, GatewayOrder } from "../../src/machines/gateway/gateway-types.ts";
import type { Worker } from "../../src/model/network/endpoint.ts";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { gatewayState } from "../../src/runtime/status/status.ts";
import { Calls, connectionOf, gateway, gatewayWith, settled } from "./fixtures.ts";

const path = { encapsulated: false, remoteHost: "192.168.1.2" };

function harness() {
  const calls = new Calls();
  const clock = new SimulatedClock();
  const [child] = connectionOf().children;
  assert.ok(child);
  const input = { connection: connectionOf(), child, tunnels: [child.ifId] };
  const actor = createActor(gatewayWith(calls), { clock, input }).start();
  const send = async (event: GatewayEvent) => {
    actor.send(event);
    await settled();
  };
  const wait = async (milliseconds: number) => {
    clock.increment(milliseconds);
    await settled();
  };
  const locate = () => send({ type: "endpoints.changed", gateway, workers: [] });
  const snapshot = () => actor.getSnapshot();
  return { calls, child, send, wait, locate, snapshot, state: () => snapshot().value };
}

describe("the gateway machine", () => {
  it("is absent until it has a namespace, then ready", async () => {
    const { calls, child, locate, state } = harness();
    await settled();
    assert.deepEqual(state(), { absent: "waiting" });
    assert.deepEqual(calls.last("place"), { connection: connectionOf(), child, urgent: false });
    await locate();
    assert.deepEqual(state(), { ready: "quiet" });
  });

  describe("that keeps packets back", () => {
    const tunnels = [102, 0x1000066];
    const counts = (calls: Calls) => [calls.count("hold"), calls.count("release")];

    it("releases them after the pass that leads into another tunnel, not after a repair", async () => {
      const { calls, send, wait, locate } = harness();
      await locate();
      await send({ type: "hold" });
      await send({ type: "kernel.changed", part: "links" });
      await wait(20);
      assert.equal(calls.count("apply"), 2);
      assert.deepEqual(counts(calls), [1, 0]);
      const pass = calls.hold("apply");
      await send({ type: "tunnels.changed", tunnels: tunnels.toReversed(), tunnel: undefined });
      assert.deepEqual(counts(calls), [1, 0]);
      pass.resolve();
      await settled();
      assert.deepEqual(counts(calls), [1, 1]);
      await wait(1_000);
      assert.deepEqual(counts(calls), [1, 1]);
    });

    it("releases them after a pass that fails, after half a second, and when it ends", async () => {
      for (const end of [
        async ({ calls, send }: ReturnType<typeof harness>) => {
          const pass = calls.hold("apply");
          await send({ type: "tunnels.changed", tunnels, tunnel: undefined });
          pass.reject(new Error("no such device"));
          await settled();
        },
        ({ wait }: ReturnType<typeof harness>) => wait(500),
        ({ send }: ReturnType<typeof harness>) => send({ type: "release" }),
        ({ send }: ReturnType<typeof harness>) => send({ type: "stop" }),
      ]) {
        const gateway = harness();
        await gateway.locate();
        await gateway.send({ type: "hold" });
        await gateway.send({ type: "hold" });
        assert.deepEqual(counts(gateway.calls), [1, 0]);
        await end(gateway);
        assert.deepEqual(counts(gateway.calls), [1, 1]);
      }
    });

    it("holds none before it has forwarded any", async () => {
      const { calls, send } = harness();
      await send({ type: "hold" });
      assert.deepEqual(counts(calls), [0, 0]);
    });
  });

  it("makes one pass for a burst of changes in the kernel", async () => {
    const { calls, send, wait, locate } = harness();
    await locate();
    for (let i = 0; i < 10; i++) await send({ type: "kernel.changed" });
    await wait(20);
    assert.equal(calls.count("apply"), 2);
    await wait(20);
    assert.equal(calls.count("apply"), 2);
  });

  it("has the public state of its last pass until the next pass ends", async () => {
    const { calls, send, wait, locate, snapshot, state } = harness();
    const shown = () => [state() === "configuring", gatewayState(snapshot())];
    const first = calls.hold("apply");
    await locate();
    assert.deepEqual(shown(), [true, "configuring"]);
    first.resolve();
    await settled();
    const second = calls.hold("apply");
    await send({ type: "kernel.changed" });
    await wait(20);
    assert.deepEqual(shown(), [true, "ready"]);
    second.reject(new Error("EEXIST"));
    await settled();
    calls.hold("apply");
    await wait(60_000);
    assert.deepEqual(shown(), [true, "degraded"]);
  });

  it("makes a pass at regular intervals even if the kernel reports no change", async () => {
    const { calls, wait, locate } = harness();
    await locate();
    await wait(750_000);
    assert.equal(calls.count("apply"), 2);
  });

  it("reports the kernel's refusal, and retries", async () => {
    const { calls, wait, locate, state, snapshot } = harness();
    calls.fail("apply", failure(Reason.NetworkRejected, "EEXIST"));
    await locate();
    assert.equal(state(), "degraded");
    assert.equal(snapshot().context.failure?.message, "EEXIST");
    await wait(500);
    assert.deepEqual(state(), { ready: "disturbed" });
    assert.equal(snapshot().context.failure, undefined);
  });

  it("announces the gateway to its workers while it is degraded, including new ones", async () => {
    const { calls, send, locate, state } = harness();
    const away = failure(Reason.CharonUnavailable, "charon is away");
    const announcing = () => calls.count("announce") - calls.count("silence");
    calls.fail("apply", away);
    await locate();
    assert.equal(state(), "degraded");
    assert.equal(announcing(), 1);
    calls.fail("apply", away);
    const workers = [{ id: "bank/web-0" }] as Worker[];
    await send({ type: "endpoints.changed", gateway, workers });
    assert.equal(state(), "degraded");
    assert.equal(announcing(), 1);
    assert.deepEqual((calls.last("announce") as GatewayOrder).workers, workers);
    await send({ type: "endpoints.changed", gateway: undefined, workers });
    assert.equal(announcing(), 0);
  });

  it("makes another pass if the tunnel changes, and none for an equal tunnel", async () => {
    const { calls, send, locate } = harness();
    await locate();
    const tunnel = { suite: { iv: 8, icv: 16, align: 4 }, ...path };
    await send({ type: "tunnel.changed", tunnel });
    await send({ type: "tunnel.changed", tunnel: { ...tunnel, suite: { ...tunnel.suite } } });
    assert.equal(calls.count("apply"), 2);
  });

  it("counts changes of its tunnel, but not its first one, and forgets them after five minutes", async () => {
    const { send, wait, locate, state } = harness();
    await locate();
    const tunnel = { suite: { iv: 8, icv: 16, align: 4 }, ...path };
    await send({ type: "tunnel.changed", tunnel });
    assert.deepEqual(state(), { ready: "quiet" });
    await send({ type: "tunnel.changed", tunnel: { ...tunnel, encapsulated: true } });
    assert.deepEqual(state(), { ready: "disturbed" });
    await wait(299_000);
    assert.deepEqual(state(), { ready: "disturbed" });
    await wait(1_000);
    assert.deepEqual(state(), { ready: "quiet" });
  });

  it("requests another namespace when its own is removed, urgently if it has a tunnel", async () => {
    const { calls, child, send, locate, state } = harness();
    await locate();
    const tunnel = { suite: { iv: 8, icv: 16, align: 4 }, ...path };
    await send({ type: "tunnel.changed", tunnel });
    await send({ type: "endpoints.changed", gateway: undefined, workers: [] });
    await settled();
    assert.deepEqual(state(), { absent: "waiting" });
    assert.deepEqual(calls.last("place"), { connection: connectionOf(), child, urgent: true });
  });

  it("requests another namespace when its if_id changes, and retries if that fails", async () => {
    const { calls, child, send, wait, locate, state, snapshot } = harness();
    await locate();
    calls.fail("place", failure(Reason.NetworkRejected, "ENOSPC"));
    await send({
      type: "child.changed",
      connection: connectionOf(),
      child: { ...child, ifId: 7 },
      tunnels: [7],
    });
    assert.deepEqual(state(), { absent: "refused" });
    assert.equal(snapshot().context.failure?.message, "ENOSPC");
    await wait(500);
    assert.deepEqual(state(), { absent: "waiting" });
  });
});
