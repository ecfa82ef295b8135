import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChildFigures, IkeFigures } from "./sa-figures.ts";
import { TrafficCounters } from "./traffic.ts";

/** A list with one CHILD SA, of an age in seconds, that carried so many bytes both ways. */
function listed(uniqueId: string, bytes: number, age: number, changes: object = {}): IkeFigures {
  const carried = { bytesIn: bytes, packetsIn: 1, bytesOut: 2 * bytes, packetsOut: 2 };
  const child = { name: "lan", uniqueId, counted: true, age, ...carried, ...changes };
  return { connection: "partner", children: [child as ChildFigures] } as unknown as IkeFigures;
}

const second = 1_000;
const start = 1_000_000 * second;

describe("what a child carried", () => {
  const bytes = (counters: TrafficCounters) => counters.of("partner", "lan").bytesIn;

  it("grows with its SA, both ways", () => {
    const counters = new TrafficCounters(start);
    counters.takeList([listed("1", 100, 0)], start);
    counters.takeList([listed("1", 150, 10)], start + 10 * second);
    const carried = { bytesIn: 150, packetsIn: 1, bytesOut: 300, packetsOut: 2 };
    assert.deepEqual(counters.of("partner", "lan"), carried);
  });

  it("does not fall at a rekey, and misses nothing that the event tells", () => {
    const counters = new TrafficCounters(start);
    counters.takeList([listed("1", 100, 0)], start);
    const old = listed("1", 180, 60, { state: "REKEYED" });
    counters.take([old, listed("2", 0, 0)], start + 60 * second);
    const gone = { counted: false, bytesIn: 0, bytesOut: 0, age: 0 };
    counters.takeList([listed("1", 0, 0, gone), listed("2", 20, 1)], start + 61 * second);
    counters.take([listed("1", 185, 65)], start + 65 * second);
    counters.takeList([listed("2", 30, 10)], start + 70 * second);
    assert.equal(bytes(counters), 215);
  });

  it("begins with the first look: what was there is not counted again after a restart", () => {
    const counters = new TrafficCounters(start);
    counters.takeList([listed("1", 5_000, 600)], start);
    assert.equal(bytes(counters), 0);
    counters.takeList([listed("1", 5_070, 610)], start + 10 * second);
    assert.equal(bytes(counters), 70);
  });

  it("goes on with another charon, which gives the same ids to other SAs", () => {
    const counters = new TrafficCounters(start);
    counters.takeList([listed("1", 100, 0)], start);
    counters.takeList([listed("1", 400, 5)], start + 30 * second);
    assert.equal(bytes(counters), 500);
    counters.takeList([listed("1", 900, 10)], start + 35 * second);
    assert.equal(bytes(counters), 1_000);
  });

  it("is forgotten with its connection", () => {
    const counters = new TrafficCounters(start);
    counters.takeList([listed("1", 100, 0)], start);
    counters.keep(new Set(["other"]));
    assert.equal(bytes(counters), 0);
  });
});
