import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { childSa, ikeSa } from "../../../test/models/fixtures.ts";
import {
  derived,
  harness,
  standingBy,
  viaBackup,
} from "../../../test/models/several-paths-harness.ts";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { ConnectionEvent } from "../../machines/connection/connection-types.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { DrawnTraffic } from "./drawn-traffic.ts";

const address = (text: string) => parseAddress(text) as Address;
const [node, peer] = [address("192.168.1.1"), address("192.168.1.2")];

/** A connection with standbys of a kind, of whose active path packets are sent twenty times a second. */
async function watched(t: TestContext, standby = "hot") {
  const made = await harness(standingBy(standby));
  await made.list("main", ikeSa());
  await made.list("backup", viaBackup({ children: standby === "hot" ? [childSaOf("2")] : [] }));
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  const state = { packetsIn: 100, packetsOut: 100, sends: true, answers: true, looks: 0 };
  const sent: string[] = [];
  const root = {
    getSnapshot: made.snapshot,
    send: (event: ConnectionEvent) => void sent.push(event.type),
  } as unknown as ConnectionActor;
  const saCounters = () => {
    state.looks++;
    const sa = { ifId: 102, integrityFailures: 0 };
    return [
      { ...sa, source: peer, destination: node, packets: state.packetsIn },
      { ...sa, source: node, destination: peer, packets: state.packetsOut },
      { ...sa, ifId: derived, source: peer, destination: node, packets: now },
    ];
  };
  const watch = new DrawnTraffic({
    network: { saCounters },
    queue: { next: async () => {} },
    calls: { next: () => {} },
    rootOf: () => root,
    report: (error) => assert.fail(String(error)),
  });
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 50) {
      now += 50;
      if (state.sends) state.packetsOut++;
      if (state.answers) state.packetsIn++;
      watch.update("site");
      t.mock.timers.tick(50);
      await new Promise(setImmediate);
    }
  };
  /** Both SAs of a rekey exist for a while. */
  const rekeyStandby = async (uniqueId: string) => {
    await made.list("backup", viaBackup({ children: [childSaOf("2"), childSaOf(uniqueId)] }));
    watch.update("site");
  };
  await pass(11_000);
  assert.deepEqual(sent, []);
  return { made, state, sent, pass, rekeyStandby, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}

const childSaOf = (uniqueId: string) =>
  childSa({ uniqueId, ifId: derived, remoteHost: "192.0.2.9" });

describe("the watch over traffic that a hot standby may draw", () => {
  it("reports answers that cease with its CHILD SA, and return after the rekey", async (t) => {
    using test = await watched(t);
    await test.rekeyStandby("5");
    test.state.answers = false;
    await test.pass(3_000);
    assert.deepEqual(test.sent, ["traffic.drawn"]);
    await test.made.list("backup", viaBackup({ children: [childSaOf("5")] }));
    // The new SAs of the active path begin at 0.
    test.state.packetsIn = 0;
    test.state.answers = true;
    await test.pass(1_500);
    assert.deepEqual(test.sent, ["traffic.drawn", "traffic.returned"]);
    const { looks } = test.state;
    await test.pass(60_000);
    assert.equal(test.state.looks, looks);
  });

  it("reports no return if none comes back, and looks no longer", async (t) => {
    using test = await watched(t);
    await test.rekeyStandby("5");
    test.state.answers = false;
    await test.pass(60_000);
    assert.deepEqual(test.sent, ["traffic.drawn"]);
    assert.ok(test.state.looks < 50, `${test.state.looks} looks`);
  });

  it("reports nothing while answers come, nor if they cease without a CHILD SA", async (t) => {
    using test = await watched(t);
    await test.rekeyStandby("5");
    await test.pass(12_000);
    test.state.answers = false;
    await test.pass(60_000);
    assert.deepEqual(test.sent, []);
  });

  it("reports traffic that was never answered, also if it begins minutes later", async (t) => {
    using test = await watched(t);
    await test.rekeyStandby("5");
    Object.assign(test.state, { packetsIn: 0, packetsOut: 0, sends: false, answers: false });
    await test.pass(300_000);
    assert.ok(test.state.looks < 70, `${test.state.looks} looks`);
    assert.deepEqual(test.sent, []);
    test.state.sends = true;
    await test.pass(61_000);
    assert.deepEqual(test.sent, ["traffic.drawn"]);
  });

  it("does not look at the kernel without a hot standby", async (t) => {
    using test = await watched(t, "warm");
    await test.rekeyStandby("5");
    await test.pass(12_000);
    assert.equal(test.state.looks, 0);
  });
});
