import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assign, createActor, setup, SimulatedClock, type ActorRefFrom } from "xstate";
import { gatewayMachine, type GatewayEvent } from "../../src/machines/gateway.ts";
import { failure, Reason } from "../../src/model/failure.ts";
import { Calls, connectionOf, gateway, idle, settled } from "./fixtures.ts";

function harness() {
  const calls = new Calls();
  const clock = new SimulatedClock();
  const machine = gatewayMachine.provide({
    actors: { apply: calls.actor("apply"), watchKernel: idle },
  });
  const [child] = connectionOf().children;
  assert.ok(child);
  const parent = setup({
    types: {} as { context: { told: string[] } },
    actors: { gateway: machine },
  }).createMachine({
    context: { told: [] },
    invoke: { id: "gateway", src: "gateway", input: { connectionId: "site", child } },
    on: {
      "*": { actions: assign({ told: ({ context, event }) => [...context.told, event.type] }) },
    },
  });
  const root = createActor(parent, { clock }).start();
  const actor = root.getSnapshot().children["gateway"] as unknown as ActorRefFrom<
    typeof gatewayMachine
  >;
  const send = async (event: GatewayEvent) => {
    actor.send(event);
    await settled();
  };
  const wait = async (milliseconds: number) => {
    clock.increment(milliseconds);
    await settled();
  };
  const locate = () => send({ type: "endpoints.changed", gateway, workers: [] });
  return { calls, root, send, wait, locate, state: () => actor.getSnapshot().value };
}

describe("the gateway machine", () => {
  it("is absent until it has a namespace, then ready", async () => {
    const { root, locate, state } = harness();
    assert.equal(state(), "absent");
    await locate();
    assert.deepEqual(state(), { ready: "quiet" });
    assert.deepEqual(root.getSnapshot().context.told, ["gateway.ready"]);
  });

  it("makes one pass of a burst of changes in the kernel", async () => {
    const { calls, send, wait, locate } = harness();
    await locate();
    for (let i = 0; i < 10; i++) await send({ type: "kernel.changed" });
    await wait(20);
    assert.equal(calls.count("apply"), 2);
    await wait(20);
    assert.equal(calls.count("apply"), 2);
  });

  it("makes a pass now and then although nothing was reported", async () => {
    const { calls, wait, locate } = harness();
    await locate();
    await wait(60_000);
    assert.equal(calls.count("apply"), 2);
  });

  it("tells what the kernel refused, and tries again", async () => {
    const { calls, root, wait, locate, state } = harness();
    calls.fail("apply", failure(Reason.NetworkRejected, "EEXIST"));
    await locate();
    assert.equal(state(), "degraded");
    await wait(500);
    assert.deepEqual(state(), { ready: "quiet" });
    assert.deepEqual(root.getSnapshot().context.told, ["gateway.failed", "gateway.ready"]);
  });

  it("applies again for a tunnel that differs, not for the same", async () => {
    const { calls, send, locate } = harness();
    await locate();
    const tunnel = { suite: { iv: 8, icv: 16, align: 4 }, encapsulated: false };
    await send({ type: "tunnel.changed", tunnel });
    await send({ type: "tunnel.changed", tunnel: { ...tunnel, suite: { ...tunnel.suite } } });
    assert.equal(calls.count("apply"), 2);
  });

  it("is absent again when its namespace is gone", async () => {
    const { send, locate, state } = harness();
    await locate();
    await send({ type: "endpoints.changed", gateway: undefined, workers: [] });
    assert.equal(state(), "absent");
  });
});
