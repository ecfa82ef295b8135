import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChildFigures, IkeFigures } from "./sa-figures.ts";
import { TrafficCounters } from "./traffic.ts";

/** One CHILD SA, of an age in seconds, that carried so many bytes in and twice as many out. */
function listed(spi: string, bytes: number, age: number, changes: object = {}): IkeFigures {
  const carried = { bytesIn: bytes, packetsIn: 1, bytesOut: 2 * bytes, packetsOut: 2 };
  const spis = { spiIn: `c${spi}`, spiOut: `d${spi}` };
  const child = { name: "lan", ...spis, counted: true, age, ...carried, ...changes };
  return { connection: "partner", children: [child as ChildFigures] } as unknown as IkeFigures;
}

const second = 1_000;
const start = 1_000_000 * second;

describe("what a child carried", () => {
  const bytes = (counters: TrafficCounters) => counters.of("partner", "lan").bytesIn;

  it("grows with its SA, both ways", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    counters.take([listed("1", 150, 10)], start + 10 * second);
    const carried = { bytesIn: 150, packetsIn: 1, bytesOut: 300, packetsOut: 2 };
    assert.deepEqual(counters.of("partner", "lan"), carried);
  });

  it("is not counted again where nobody asked for long, and others were spoken of", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    counters.take([], start + 100 * second);
    counters.take([listed("1", 150, 110)], start + 110 * second);
    assert.equal(bytes(counters), 150);
  });

  it("does not fall at a rekey, and has what the kernel tells at the end", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    // charon's figures of an SA that is rekeyed are those of its last look.
    counters.take([listed("1", 100, 60), listed("2", 0, 0)], start + 60 * second);
    const gone = { counted: false, bytesIn: 0, bytesOut: 0, age: 0 };
    counters.take([listed("1", 0, 0, gone), listed("2", 20, 1)], start + 61 * second);
    counters.end({ spi: "c1", bytes: 185, packets: 2 }, start + 65 * second);
    counters.end({ spi: "d1", bytes: 300, packets: 3 }, start + 65 * second);
    // And what it says afterwards is old.
    counters.take([listed("1", 100, 65)], start + 65 * second);
    counters.take([listed("2", 30, 10)], start + 70 * second);
    assert.equal(bytes(counters), 215);
    assert.equal(counters.of("partner", "lan").bytesOut, 360);
  });

  it("has what the kernel told before charon did", () => {
    const counters = new TrafficCounters(start);
    counters.end({ spi: "c1", bytes: 70, packets: 2 }, start + 10 * second);
    counters.take([listed("1", 50, 5)], start + 10 * second);
    assert.equal(bytes(counters), 70);
  });

  it("begins with the first look: what was there is not counted again after a restart", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 5_000, 600)], start);
    assert.equal(bytes(counters), 0);
    counters.take([listed("1", 5_070, 610)], start + 10 * second);
    assert.equal(bytes(counters), 70);
    counters.end({ spi: "c1", bytes: 5_100, packets: 9 }, start + 20 * second);
    assert.equal(bytes(counters), 100);
  });

  it("does not take the end of one of two SAs with the same SPI for either's", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0, { spiOut: "c1" })], start);
    counters.end({ spi: "c1", bytes: 1_000, packets: 9 }, start + second);
    assert.equal(bytes(counters), 100);
  });

  it("is forgotten with its connection", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    counters.keep(new Set(["other"]));
    assert.equal(bytes(counters), 0);
  });
});
