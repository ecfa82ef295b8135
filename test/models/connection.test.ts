import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createActor, SimulatedClock } from "xstate";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import {
  noEndpoints,
  type ConnectionEvent,
} from "../../src/machines/connection/connection-types.ts";
import { childSnapshotOf, gatewaySnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import {
  Calls,
  childSa,
  childSpec,
  connectionOf,
  gateway,
  gatewayWith,
  ikeSa,
  loadedNew,
  settled,
} from "./fixtures.ts";
import { pathWith } from "./path-harness.ts";

/** A connection's actor with recorded effects, whose peer answers. */
async function established() {
  const calls = new Calls();
  calls.give("load", loadedNew());
  calls.give("apply", { repaired: false });
  const machine = connectionMachine.provide({
    actors: { path: pathWith(calls), gateway: gatewayWith(calls) },
  });
  const keys = { main: { secretRevision: "r1", keyFailure: undefined } };
  const input = { connection: connectionOf(), endpoints: noEndpoints, charonReady: true, keys };
  const actor = createActor(machine, { clock: new SimulatedClock(), input }).start();
  const states: unknown[] = [];
  actor.subscribe(({ value }) => {
    if (states.at(-1) !== value) states.push(value);
  });
  const send = async (event: ConnectionEvent) => {
    actor.send(event);
    for (let turn = 0; turn < 4; turn++) await settled();
  };
  await send({ type: "sas.listed", ikeSas: [ikeSa()] });
  return { actor, calls, send, states, snapshot: () => actor.getSnapshot() };
}

const twoChildren = () =>
  connectionOf({ children: { "child-2": childSpec(2), "child-3": childSpec(3) } });

describe("the connection machine", () => {
  it("follows the public state of its path", async () => {
    const { send, states, snapshot } = await established();
    assert.equal(snapshot().value, "established");
    await send({ type: "sas.listed", ikeSas: [ikeSa({ state: "REKEYING" })] });
    assert.equal(snapshot().value, "rekeying");
    await send({ type: "sas.listed", ikeSas: [ikeSa()] });
    assert.deepEqual(states.slice(-2), ["rekeying", "established"]);
    await send({ type: "charon.lost" });
    assert.equal(snapshot().value, "pending");
  });

  it("gives the gateway the parameters of a child's SA once, and again when they change", async () => {
    const { send, snapshot } = await established();
    await send({ type: "endpoints.changed", endpoints: new Map([["child-2", endpoint]]) });
    const tunnel = () => gatewaySnapshotOf(snapshot(), "child-2")?.context.tunnel;
    assert.equal(tunnel()?.encapsulated, false);
    const { recurrences = [] } = gatewaySnapshotOf(snapshot(), "child-2")?.context ?? {};
    await send({ type: "sas.listed", ikeSas: [ikeSa()] });
    assert.equal(gatewaySnapshotOf(snapshot(), "child-2")?.context.recurrences, recurrences);
    const natted = ikeSa({ children: [childSa({ uniqueId: "2", encapsulated: true })] });
    await send({ type: "sas.listed", ikeSas: [natted] });
    assert.equal(tunnel()?.encapsulated, true);
  });

  it("starts the gateway of an added child, and removes that of a removed one after its SA", async () => {
    const { calls, send, snapshot } = await established();
    await send({ type: "spec.changed", connection: twoChildren() });
    assert.ok(gatewaySnapshotOf(snapshot(), "child-3"));
    await send({ type: "spec.changed", connection: connectionOf() });
    assert.deepEqual(calls.last("remove"), { connectionId: "site", child: "child-3" });
    assert.deepEqual(snapshot().context.gateways, ["child-2"]);
    assert.equal(childSnapshotOf(snapshot(), "child-3"), undefined);
    const names = calls.made.map(({ name }) => name);
    assert.ok(names.lastIndexOf("terminate") < names.lastIndexOf("remove"));
  });

  it("keeps the gateway of a child that is declared again while its SA ends", async () => {
    const { calls, send, snapshot } = await established();
    await send({ type: "spec.changed", connection: twoChildren() });
    const ending = calls.hold("terminate");
    await send({ type: "spec.changed", connection: connectionOf() });
    await send({ type: "spec.changed", connection: twoChildren() });
    ending.resolve();
    for (let turn = 0; turn < 4; turn++) await settled();
    assert.equal(calls.count("remove"), 0);
    assert.ok(gatewaySnapshotOf(snapshot(), "child-3"));
    assert.ok(childSnapshotOf(snapshot(), "child-3"));
  });

  it("gives a gateway that starts again the parameters of its child's SA", async () => {
    const { calls, send, snapshot } = await established();
    const third = childSa({
      name: "child-3",
      uniqueId: "3",
      ifId: 103,
      localSelectors: ["10.0.3.0/24"],
      remoteSelectors: ["10.1.3.0/24"],
    });
    await send({ type: "spec.changed", connection: twoChildren() });
    const removing = calls.hold("remove");
    await send({ type: "spec.changed", connection: connectionOf() });
    await send({ type: "spec.changed", connection: twoChildren() });
    await send({ type: "sas.listed", ikeSas: [ikeSa({ children: [childSa(), third] })] });
    assert.equal(childSnapshotOf(snapshot(), "child-3")?.value, "established");
    removing.resolve();
    for (let turn = 0; turn < 4; turn++) await settled();
    const { tunnel } = gatewaySnapshotOf(snapshot(), "child-3")?.context ?? {};
    assert.equal(tunnel?.remoteHost, third.remoteHost);
  });

  it("ends after its path and then its gateways have ended", async () => {
    const { calls, send, snapshot } = await established();
    await send({ type: "delete" });
    assert.deepEqual(calls.made.map(({ name }) => name).slice(-3), [
      "terminate",
      "unload",
      "remove",
    ]);
    assert.equal(snapshot().status, "done");
  });

  it("is declared in vain while it ends", async () => {
    const { calls, send, snapshot } = await established();
    const ending = calls.hold("unload");
    await send({ type: "delete" });
    await send({ type: "spec.changed", connection: twoChildren() });
    await send({ type: "delete" });
    assert.deepEqual(snapshot().context.gateways, ["child-2"]);
    assert.ok(snapshot().hasTag("terminating"));
    ending.resolve();
    for (let turn = 0; turn < 4; turn++) await settled();
    assert.equal(snapshot().status, "done");
    assert.equal(calls.count("unload"), 1);
  });
});

const endpoint = { gateway, workers: [] };
