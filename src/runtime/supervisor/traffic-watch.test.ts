import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { childSa, connectionOf } from "../../../test/models/fixtures.ts";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { childActorId } from "../../machines/path/path-types.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import type { PublicState } from "../../model/status/public-state.ts";
import type { AdapterCall } from "../ports/runtime-events.ts";
import { TrafficWatch } from "./traffic-watch.ts";

const address = (text: string) => parseAddress(text) as Address;
const peer = address("192.168.1.2");
const node = address("192.168.1.1");

/** A watch over one child whose state and counters the test changes. */
function watched(t: TestContext) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  const connection = connectionOf();
  const state = {
    state: "established" as PublicState,
    sa: "1",
    packetsIn: 0,
    packetsOut: 0,
    failures: 0,
    looks: 0,
    isCharonAway: false,
    changes: 0,
  };
  const child = () => ({
    tags: new Set([state.state]),
    context: { child: connection.children[0], sas: [childSa({ uniqueId: state.sa })] },
  });
  const path = { children: { [childActorId("child-2")]: { getSnapshot: child } } };
  const children = { "path.main": { getSnapshot: () => path } };
  const root = { getSnapshot: () => ({ context: { connection, active: "main" }, children }) };
  const calls: AdapterCall[] = [];
  const saCounters = () => {
    state.looks++;
    if (state.isCharonAway) throw new Error("charon is not running");
    const sa = { ifId: 102, integrityFailures: 0 };
    const inbound = { ...sa, integrityFailures: state.failures };
    return [
      { ...inbound, source: peer, destination: node, packets: state.packetsIn },
      { ...sa, source: node, destination: peer, packets: state.packetsOut },
      { ...sa, ifId: 103, source: peer, destination: node, packets: 99 },
    ];
  };
  const watch = new TrafficWatch({
    network: { saCounters },
    queue: { next: async () => {} },
    calls: { next: (call) => void calls.push(call) },
    rootOf: () => root as unknown as ConnectionActor,
    changed: () => void state.changes++,
    report: (error) => assert.fail(String(error)),
  });
  return {
    state,
    calls,
    watch,
    doubt: () => watch.of(connection)[0],
    /** Lets time pass; the child's actor handles a list each second. */
    pass: async (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        now += 1_000;
        watch.update(connection.id);
        t.mock.timers.tick(1_000);
        await new Promise(setImmediate);
      }
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

describe("the watch over traffic", () => {
  it("doubts a child through which packets leave and none comes back, until one does", async (t) => {
    using test = watched(t);
    const { state } = test;
    await test.pass(10);
    state.packetsOut = 5;
    await test.pass(25);
    assert.equal(test.doubt(), undefined, "the peer may take its time");
    await test.pass(50);
    assert.equal(test.doubt()?.reason, "NothingReceived");
    assert.equal(state.changes, 1);
    const first = test.doubt();
    await test.pass(60);
    assert.equal(test.doubt(), first, "an unchanged doubt is the same object");
    state.packetsIn = 1;
    await test.pass(70);
    assert.equal(test.doubt(), undefined);
    assert.equal(state.changes, 2);
  });

  it("reports a peer whose packets all fail the integrity check within seconds", async (t) => {
    using test = watched(t);
    test.state.failures = 4;
    await test.pass(6);
    assert.equal(test.doubt()?.reason, "IntegrityMismatch");
    assert.match(test.doubt()?.message ?? "", /child-2 fails .*`sha256_96: yes` in the child's/);
    assert.equal(test.doubt()?.retryable, false);
  });

  it("looks at the kernel once a minute at most while a child is idle", async (t) => {
    using test = watched(t);
    await test.pass(600);
    assert.ok(test.state.looks <= 14, `${test.state.looks} looks in ten minutes`);
  });

  it("does not look again after a packet came back, before the next rekey", async (t) => {
    using test = watched(t);
    const { state } = test;
    state.packetsIn = 1;
    await test.pass(300);
    assert.equal(state.looks, 1);
    state.sa = "2";
    await test.pass(60);
    assert.equal(state.looks, 2);
  });

  it("forgets a child that is down, and begins again when it is up", async (t) => {
    using test = watched(t);
    const { state } = test;
    state.failures = 4;
    await test.pass(6);
    state.state = "failed";
    await test.pass(2);
    assert.equal(test.doubt(), undefined);
    const { looks } = state;
    await test.pass(120);
    assert.equal(state.looks, looks);
    state.state = "established";
    await test.pass(6);
    assert.equal(test.doubt()?.reason, "IntegrityMismatch");
  });

  it("keeps what it knows while charon is away, and counts the failed lists", async (t) => {
    using test = watched(t);
    test.state.failures = 4;
    await test.pass(6);
    test.state.isCharonAway = true;
    await test.pass(30);
    assert.equal(test.doubt()?.reason, "IntegrityMismatch");
    assert.ok(test.calls.some(({ name, failed }) => name === "network.saCounters" && failed));
  });
});
