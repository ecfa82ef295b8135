import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { beatOfSite } from "../../model/beats/beat.fixture.ts";
import { frameKeys, openFrame, sealFrame, type Frame } from "../../model/beats/frame.ts";
import { SegmentKey } from "../../model/network/segment-key.ts";
import { PeerSession } from "../../model/beats/peer-session.ts";
import { clusterKey, FakeNetwork, peersAt } from "./network.fixture.ts";

const immediate = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Two agents that exchange beats, with what A receives. */
function pair(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const network = new FakeNetwork();
  const [a, b] = [network.exchange("node:a"), network.exchange("node:b")];
  const heard: string[] = [];
  a.exchange.beats.subscribe(({ group, beat }) => heard.push(`${group} ${beat.epoch}`));
  a.exchange.presences.subscribe(({ group, presence }) => heard.push(`${group} ${presence}`));
  /** Passes time in steps of 50 ms; `late` has the clock run ahead of the timers. */
  const pass = async (ms: number, late = 0) => {
    network.now += late;
    for (let passed = 0; passed < ms; passed += 50) {
      network.now += 50;
      t.mock.timers.tick(50);
      await immediate();
    }
  };
  const join = () => {
    a.exchange.setPeers(peersAt("node:b"));
    b.exchange.setPeers(peersAt("node:a"));
  };
  t.after(() => {
    a.exchange[Symbol.dispose]();
    b.exchange[Symbol.dispose]();
    assert.deepEqual(network.errors, []);
  });
  return { network, a, b, heard, pass, join };
}

/** The same after they have exchanged beats for a while; what A received until then is left out. */
async function joined(t: TestContext, ms = 2_000) {
  const { join, ...made } = pair(t);
  join();
  await made.pass(ms);
  made.heard.length = 0;
  return made;
}

describe("the exchange of beats", () => {
  it("delivers the report of a peer within a round after both have found each other", async (t) => {
    const { b, heard, pass, join } = pair(t);
    join();
    await pass(300);
    assert.deepEqual(heard, ["node:b present"]);
    b.exchange.publish("node:a", "site", beatOfSite());
    await pass(50);
    assert.deepEqual(heard.slice(1), ["node:b 7"]);
  });

  it("goes on by another key, whichever agent learns of it first, and drops the former one", async (t) => {
    const { network, a, b, heard, pass, join } = pair(t);
    join();
    await pass(300);
    const next = new SegmentKey(new Uint8Array(32).fill(6));
    a.exchange.setKey(next);
    await pass(1_000);
    b.exchange.setKey(next);
    await pass(1_000);
    b.exchange.publish("node:a", "site", beatOfSite());
    await pass(100);
    assert.deepEqual(heard.slice(0, 2), ["node:b present", "node:b 7"]);
    const sealedBy = (key: SegmentKey) => {
      const position = { session: "ab".repeat(16), counter: 1 };
      const frame = { position, heard: position, version: 1, count: 0, beats: Buffer.alloc(0) };
      return sealFrame(frameKeys(key, "node:b", "node:a"), frame);
    };
    await pass(60_000);
    const before = a.counts.length;
    network.deliver("10.0.0.1", sealedBy(clusterKey));
    assert.deepEqual(a.counts.slice(before), ["received forged"]);
    assert.ok(!heard.includes("node:b absent"));
  });

  it("sends nothing without peers, and ends with the last one", async (t) => {
    const { network, a, b, pass, join } = pair(t);
    await pass(1_000);
    assert.equal(network.sent.length, 0);
    join();
    await pass(1_000);
    assert.ok(network.sent.length > 0);
    for (const { exchange } of [a, b]) exchange.setPeers(new Map());
    const before = network.sent.length;
    await pass(1_000);
    assert.equal(network.sent.length, before);
    assert.deepEqual([...a.exchange.groups], []);
  });

  it("costs one datagram a round and one echo a second for a hundred connections at rest", async (t) => {
    const { network, b, pass } = await joined(t, 300);
    for (let i = 0; i < 100; i++)
      b.exchange.publish("node:a", `site-${i}`, beatOfSite({ connection: `site-${i}` }));
    await pass(5_000);
    const [sent, echoes] = [network.sent.length, network.echoes];
    await pass(10_000);
    assert.equal(network.sent.length - sent, 200);
    assert.equal(network.echoes - echoes, 20);
  });

  it("reports a dead node as absent within 400 ms after its last beat, and its return at once", async (t) => {
    const { network, heard, pass } = await joined(t);
    network.deaf.add("10.0.0.1");
    network.dead.add("10.0.0.2");
    const lostAt = network.now;
    while (heard.length === 0) await pass(50);
    assert.deepEqual(heard, ["node:b absent"]);
    const tookMs = network.now - lostAt;
    assert.ok(tookMs >= 300 && tookMs <= 400, `after ${tookMs} ms`);
    network.deaf.clear();
    await pass(100);
    assert.deepEqual(heard, ["node:b absent", "node:b present"]);
  });

  it("does not report an agent that restarts on a node that answers", async (t) => {
    const { network, b, heard, pass } = await joined(t);
    b.exchange[Symbol.dispose]();
    await pass(20_000);
    assert.deepEqual(heard, []);
    const restarted = network.exchange("node:b").exchange;
    restarted.setPeers(peersAt("node:a"));
    await pass(300);
    restarted.publish("node:a", "site", beatOfSite({ epoch: 8 }));
    await pass(300);
    assert.deepEqual([...new Set(heard)], ["node:b 8"]);
    restarted[Symbol.dispose]();
  });

  it("reports an agent that does not return as absent after half a minute", async (t) => {
    const { b, heard, pass } = await joined(t);
    b.exchange[Symbol.dispose]();
    await pass(29_000);
    assert.deepEqual(heard, []);
    await pass(1_500);
    assert.deepEqual(heard, ["node:b absent"]);
  });

  it("takes a peer for absent that does not hear it, though it hears that peer", async (t) => {
    const { network, a, heard, pass } = await joined(t);
    network.deaf.add("10.0.0.2");
    network.dead.add("10.0.0.2");
    await pass(1_000);
    assert.ok(heard.includes("node:b absent"), heard.join());
    assert.ok(a.counts.includes("received unheard"));
    network.deaf.clear();
    network.dead.clear();
    await pass(200);
    assert.equal(heard.at(-1), "node:b present");
  });

  it("judges one round in a second while this process is late", async (t) => {
    const { network, heard, pass } = await joined(t);
    network.deaf.add("10.0.0.1");
    network.dead.add("10.0.0.2");
    // Each round comes 300 ms too late.
    for (let round = 0; round < 6; round++) await pass(100, 300);
    assert.deepEqual(heard, []);
    for (let round = 0; round < 10; round++) await pass(100, 300);
    assert.deepEqual(heard, ["node:b absent"]);
  });

  it("refuses datagrams that are changed, replayed, of strangers or no frames", async (t) => {
    const { network, a, b, heard, pass } = await joined(t, 1_000);
    const stranger = network.exchange("node:c").exchange;
    stranger.setPeers(peersAt("node:a"));
    const ofB = network.sent.findLast(({ to }) => to === "10.0.0.1")?.bytes as Buffer;
    heard.length = 0;
    a.counts.length = 0;
    const changed = Buffer.from(ofB);
    changed[60] = (changed[60] as number) ^ 1;
    for (const bytes of [changed, ofB, Buffer.from("noise"), Buffer.alloc(0)])
      network.deliver("10.0.0.1", bytes);
    assert.deepEqual(a.counts, [
      "received forged",
      "received replayed",
      "received malformed",
      "received malformed",
    ]);
    a.counts.length = 0;
    await pass(100);
    assert.ok(a.counts.includes("received unknown_sender"));
    assert.deepEqual(heard, []);
    stranger[Symbol.dispose]();
    b.exchange.setPeers(new Map());
  });

  it("does not believe frames that were recorded before this agent started", async (t) => {
    const { network, a, b, pass, join } = pair(t);
    join();
    b.exchange.publish("node:a", "site", beatOfSite());
    await pass(2_000);
    const recorded = network.sent.filter(({ to }) => to === "10.0.0.1");
    a.exchange[Symbol.dispose]();
    b.exchange[Symbol.dispose]();
    const restarted = network.exchange("node:a");
    const heard: unknown[] = [];
    restarted.exchange.beats.subscribe((beat) => heard.push(beat));
    restarted.exchange.presences.subscribe((change) => heard.push(change));
    restarted.exchange.setPeers(peersAt("node:b"));
    const answers = network.sent.length;
    for (const { bytes } of recorded) network.deliver("10.0.0.1", bytes);
    assert.deepEqual(heard, []);
    assert.equal(network.sent.length - answers, 1, "a flood of them has one answer");
    restarted.exchange[Symbol.dispose]();
  });

  it("reaches an agent whose new address is not known yet, once it was heard", async (t) => {
    const { a, b, heard, pass } = pair(t);
    a.exchange.setPeers(peersAt("node:b"));
    // The API server reports the address of A's pod to B only later.
    b.exchange.setPeers(new Map([["node:a", { agent: [], echoes: [] }]]));
    await pass(300);
    assert.deepEqual(heard, ["node:b present"]);
    b.exchange.publish("node:a", "site", beatOfSite());
    await pass(100);
    assert.equal(heard[1], "node:b 7");
  });

  it("does not judge if the reading before the judgement took long", async (t) => {
    const { network, heard, pass } = await joined(t);
    network.deaf.add("10.0.0.1");
    network.dead.add("10.0.0.2");
    for (let passed = 0; passed < 2_000; passed += 50) {
      network.now += 50;
      t.mock.timers.tick(50);
      // Only the judgement sees this time, not the next round.
      network.now += 60;
      await immediate();
      network.now -= 60;
    }
    assert.deepEqual(heard, []);
    await pass(500);
    assert.deepEqual(heard, ["node:b absent"]);
  });

  it("does not judge peers while its own socket is closed", async (t) => {
    const { network, heard, pass } = await joined(t);
    network.isClosed = true;
    network.dead.add("10.0.0.1").add("10.0.0.2");
    await pass(60_000);
    assert.deepEqual(heard, []);
  });

  it("hears an agent of another version, whose reports it does not understand", async (t) => {
    const { network, a, heard, pass } = pair(t);
    a.exchange.setPeers(peersAt("node:c"));
    const later = new PeerSession();
    const outward = frameKeys(clusterKey, "node:c", "node:a");
    const inward = frameKeys(clusterKey, "node:a", "node:c");
    const send = () => {
      const content = { version: 2, count: 9, beats: Buffer.from("of another version") };
      const frame = { ...later.next(network.now), ...content };
      network.deliver("10.0.0.1", sealFrame(outward, frame));
    };
    send();
    const answer = openFrame(inward.key, network.sent.at(-1)?.bytes as Buffer);
    later.take(answer as Frame, network.now);
    send();
    await pass(100);
    assert.deepEqual(heard, ["node:c present"]);
    assert.ok(a.counts.includes("received unknown_version"));
  });

  it("sends a change at once", async (t) => {
    const { network, b } = await joined(t, 1_000);
    const before = network.sent.length;
    for (let i = 0; i < 3; i++)
      b.exchange.publish("node:a", `site-${i}`, beatOfSite({ connection: `site-${i}` }));
    await immediate();
    assert.equal(network.sent.length - before, 1);
  });
});
