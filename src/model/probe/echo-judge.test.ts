import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionOf } from "../../../test/models/fixtures.ts";
import {
  isSendDue,
  judged,
  startOf,
  withAnswer,
  withoutRequest,
  withRequest,
} from "./echo-judge.ts";
import { paceOf, type EchoPace } from "./echo-pace.ts";
import { probeOver, randomFrom, type SimulatedLink } from "./simulated-link.fixture.ts";

const adaptive: EchoPace = { kind: "adaptive", restMs: 300 };
const steady: EchoPace = { kind: "steady", restMs: 5_000 };
const second = 1_000;
const hour = 3_600 * second;
const failsAt = 60 * second;

/** A link that passes packets until a time. */
const failing = (tripMs: number, from = failsAt): SimulatedLink => ({
  roundTripMs: (sentAt) => (sentAt + tripMs / 2 < from ? tripMs : undefined),
});

/** The times that the failure of a link takes to be known, at each phase of the requests. */
function detections(tripMs: number, pace = adaptive): number[] {
  return Array.from({ length: 60 }, (_, phase) => {
    const from = failsAt + (phase * pace.restMs) / 30;
    const { unreachable } = probeOver(failing(tripMs, from), pace, from + 30 * second);
    assert.equal(unreachable.length, 1);
    return (unreachable[0] as number) - from;
  });
}

const alarmsOf = (link: SimulatedLink, untilMs = 10 * 60 * second, pace = adaptive) =>
  probeOver(link, pace, untilMs).unreachable;

describe("the probe of a connection with several paths", () => {
  for (const [tripMs, mostMs] of [
    [1, 600],
    [40, 600],
    [80, 600],
    [600, 1_500],
  ] as const)
    it(`finds the failure of a link of ${tripMs} ms within ${mostMs} ms`, () => {
      const all = detections(tripMs);
      assert.ok(Math.max(...all) <= mostMs, `${Math.max(...all)} ms`);
    });

  it("judges nothing, and asks on, while no request can be sent", () => {
    let state = startOf(adaptive, 0);
    let attempts = 0;
    for (let now = 0; now < 10 * second; now += 10) {
      const { state: next, outcomes } = judged(state, now);
      assert.deepEqual(outcomes, []);
      state = next;
      if (!isSendDue(state, now)) continue;
      state = withoutRequest(withRequest(state, now));
      attempts++;
    }
    assert.equal(attempts, 34);
  });

  it("sends one request in each interval while it is answered", () => {
    const { sent } = probeOver({ roundTripMs: () => 20 }, adaptive, 60 * second);
    assert.equal(sent.length, 201, "the first and the last at both ends");
  });

  it("asks once a second while the target is unreachable, and notices its return", () => {
    const link = failing(20);
    const back = failsAt + 60 * second;
    const { sent, reachable } = probeOver(
      {
        roundTripMs: (sentAt, sequence) =>
          sentAt > back ? 20 : link.roundTripMs(sentAt, sequence),
      },
      adaptive,
      failsAt + 62 * second,
    );
    const during = sent.filter((at) => at > failsAt + 2 * second && at < back);
    assert.equal(during.length, 58);
    assert.ok((reachable[1] as number) - back <= 1_020);
  });

  it("raises no alarm for one or two of three requests that are lost", () => {
    for (const lost of [1, 2]) {
      const roundTripMs = (_: number, sequence: number) =>
        sequence > 10 && sequence % 3 < lost ? undefined : 20;
      assert.deepEqual(alarmsOf({ roundTripMs }), []);
    }
  });

  it("raises no alarm on a satellite link, from its first request on", () => {
    const random = randomFrom(1);
    const roundTripMs = () => 600 + 80 * random();
    const { unreachable, rows } = probeOver({ roundTripMs }, adaptive, hour);
    assert.deepEqual(unreachable, []);
    assert.deepEqual(rows, []);
  });

  it("raises no alarm when the round trip grows from 20 to 200 ms", () => {
    const roundTripMs = (sentAt: number) => (sentAt < failsAt ? 20 : 200);
    const { unreachable, rows } = probeOver({ roundTripMs }, adaptive, 2 * failsAt);
    assert.deepEqual(unreachable, []);
    assert.deepEqual(rows, [1]);
  });

  it("is as fast two seconds after an answer that came a second late", () => {
    const late = 99 * adaptive.restMs;
    const soon = failing(20, late + 3_000);
    const again = probeOver(
      {
        roundTripMs: (sentAt, sequence) =>
          sequence === 100 ? 1_000 : soon.roundTripMs(sentAt, sequence),
      },
      adaptive,
      late + 6 * second,
    );
    const tookMs = (again.unreachable[0] as number) - (late + 3_000);
    assert.ok(tookMs <= 600, `${tookMs} ms`);
  });

  it("takes answers in another order, and each only once", () => {
    const roundTripMs = (_: number, sequence: number) => (sequence % 2 === 0 ? 90 : 450);
    assert.deepEqual(alarmsOf({ roundTripMs }), []);
    const asked = withRequest(startOf(adaptive, 0), 0);
    const once = withAnswer(asked, 1, 10);
    assert.deepEqual(once.outcome, { seconds: 0.01, unreachable: false });
    assert.equal(withAnswer(once.state, 1, 20).outcome, undefined);
  });

  it("recognises answers after 65,535 requests", () => {
    const { state, rows } = probeOver({ roundTripMs: () => 20 }, adaptive, 6 * hour);
    assert.ok(state.sequence > 0x1_0000);
    assert.deepEqual(rows, []);
  });

  for (const [what, ofMachine] of [
    ["its process", false],
    ["the whole machine", true],
  ] as const)
    it(`counts no loss while ${what} stalls again and again`, () => {
      const random = randomFrom(2);
      const stalls = Array.from({ length: 2_000 }, (_, at) => {
        const from = at * 1_000 + 200 * random();
        return { from, to: from + 100 + 690 * random(), ofMachine };
      });
      const link = { roundTripMs: () => 20, stalls };
      const { unreachable, rows } = probeOver(link, adaptive, hour / 2);
      assert.deepEqual(unreachable, []);
      // The machine may stop shortly before a judgement that is then almost punctual.
      assert.ok(rows.length <= (ofMachine ? 40 : 0), `${rows.length} of 2,000 stalls`);
    });

  it("does not take a stall for a longer round trip", () => {
    for (const ofMachine of [false, true]) {
      // From 10 ms after a request on.
      const stalls = [{ from: failsAt + 10, to: failsAt + 700, ofMachine }];
      const { state } = probeOver({ roundTripMs: () => 20, stalls }, adaptive, failsAt + 710);
      assert.equal(Math.round(state.roundTrip?.smoothedMs ?? 0), 20);
    }
  });

  it("finds a failure although each of its judgements is late", () => {
    const stalls = Array.from({ length: 1_000 }, (_, at) => ({
      from: at * 200 + 10,
      to: at * 200 + 190,
    }));
    const { unreachable } = probeOver({ ...failing(5), stalls }, adaptive, failsAt + 5 * second);
    assert.ok((unreachable[0] as number) - failsAt <= 2_000, `${unreachable[0]}`);
  });

  it("raises hardly an alarm on a link that loses a tenth of the packets", (t) => {
    const random = randomFrom(3);
    const hours = 10;
    const roundTripMs = () => (random() < 0.1 ? undefined : 38 + 4 * random());
    const { unreachable, rows } = probeOver({ roundTripMs }, adaptive, hours * hour);
    const threes = rows.filter((row) => row === 3).length;
    t.diagnostic(
      `${threes / hours} times an hour three in a row, ${unreachable.length / hours} alarms`,
    );
    assert.ok(threes >= 50, "the link loses what it should");
    assert.ok(unreachable.length <= 1, `${unreachable.length} alarms`);
  });

  it("judges no request in its first second, whatever the answers before were", () => {
    // The last answer by the former path.
    const roundTripMs = (sentAt: number) => (sentAt < 5 ? 20 : undefined);
    assert.deepEqual(alarmsOf({ roundTripMs }), [1_000]);
    assert.deepEqual(alarmsOf({ roundTripMs: () => undefined }), [1_600]);
  });
});

describe("the probe of a connection with one path", () => {
  it("gives each request until the next one, and three to prove", () => {
    const all = detections(20, steady);
    assert.ok(Math.min(...all) >= 14 * second && Math.max(...all) <= 20 * second);
    const { sent } = probeOver(failing(20), steady, 2 * failsAt);
    assert.equal(sent.length, 25, "the first and the last at both ends");
  });

  it("has the interval of its manifest, others that of the connection", () => {
    const paths = [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }];
    const child = { address: { family: 4, value: 1n }, intervalSeconds: 7 } as const;
    assert.deepEqual(paceOf(connectionOf(), child), { kind: "steady", restMs: 7_000 });
    assert.deepEqual(paceOf(connectionOf({ paths }), child), adaptive);
    const failover = { probeMilliseconds: 100 };
    assert.equal(paceOf(connectionOf({ paths, failover }), child).restMs, 100);
  });
});
