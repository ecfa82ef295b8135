import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSnapshotOf, gatewaySnapshotOf } from "../../src/runtime/actors/snapshots.ts";
import { connectionActor } from "./connection-harness.ts";
import { childSa, childSpec, connectionOf, gateway, ikeSa } from "./fixtures.ts";

/** A connection's actor with recorded effects, whose peer answers. */
async function established() {
  const { actor, calls, rest, send, snapshot } = connectionActor(connectionOf());
  actor.start();
  const states: unknown[] = [];
  actor.subscribe(({ value }) => {
    if (states.at(-1) !== value) states.push(value);
  });
  await send({ type: "sas.listed", ikeSas: [ikeSa()] });
  return { actor, calls, rest, send, states, snapshot };
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
    const { calls, rest, send, snapshot } = await established();
    await send({ type: "spec.changed", connection: twoChildren() });
    const ending = calls.hold("terminate");
    await send({ type: "spec.changed", connection: connectionOf() });
    await send({ type: "spec.changed", connection: twoChildren() });
    ending.resolve();
    await rest();
    assert.equal(calls.count("remove"), 0);
    assert.ok(gatewaySnapshotOf(snapshot(), "child-3"));
    assert.ok(childSnapshotOf(snapshot(), "child-3"));
  });

  it("gives a gateway that starts again the parameters of its child's SA", async () => {
    const { calls, rest, send, snapshot } = await established();
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
    await rest();
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
    const { calls, rest, send, snapshot } = await established();
    const ending = calls.hold("unload");
    await send({ type: "delete" });
    await send({ type: "spec.changed", connection: twoChildren() });
    await send({ type: "delete" });
    assert.deepEqual(snapshot().context.gateways, ["child-2"]);
    assert.ok(snapshot().hasTag("terminating"));
    ending.resolve();
    await rest();
    assert.equal(snapshot().status, "done");
    assert.equal(calls.count("unload"), 1);
  });
});

const endpoint = { gateway, workers: [] };
