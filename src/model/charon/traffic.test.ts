import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSa, ikeSa } from "../../../test/models/fixtures.ts";
import type { ChildSaStatistics } from "./sa-statistics.ts";
import type { IkeSa } from "./sa.ts";
import { TrafficCounters } from "./traffic.ts";

/**
 * An IKE SA with one CHILD SA of an age in seconds, which carried this many bytes in and twice as
 * many out.
 */
function listed(
  spi: string,
  bytesIn: number,
  age: number,
  changes: Partial<ChildSaStatistics> = {},
): IkeSa {
  const statistics: ChildSaStatistics = {
    spiIn: `c${spi}`,
    spiOut: `d${spi}`,
    counted: true,
    encryptionKeysize: 256,
    integrityKeysize: 256,
    bytesIn,
    packetsIn: 1,
    idleIn: 0,
    bytesOut: 2 * bytesIn,
    packetsOut: 2,
    idleOut: 0,
    age,
    rekeyIn: 3_000,
    lifeLeft: 3_600,
    ...changes,
  };
  return ikeSa({ connection: "partner", children: [childSa({ name: "lan", statistics })] });
}

const second = 1_000;
const start = 1_000_000 * second;

describe("the traffic of a child", () => {
  const bytes = (counters: TrafficCounters) => counters.of("partner", "lan").bytesIn;

  it("grows with its SA in both directions", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    counters.take([listed("1", 150, 10)], start + 10 * second);
    const traffic = { bytesIn: 150, packetsIn: 1, bytesOut: 300, packetsOut: 2 };
    assert.deepEqual(counters.of("partner", "lan"), traffic);
  });

  it("is not counted twice after a long time in which only other SAs were reported", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    counters.take([], start + 100 * second);
    counters.take([listed("1", 150, 110)], start + 110 * second);
    assert.equal(bytes(counters), 150);
  });

  it("is not read from an SA without statistics", () => {
    const counters = new TrafficCounters(start);
    counters.take([ikeSa({ connection: "partner", children: [childSa({ name: "lan" })] })], start);
    assert.equal(bytes(counters), 0);
  });

  it("does not fall at a rekeying, and includes the kernel's final counters", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 100, 0)], start);
    // For an SA that was rekeyed, charon reports the counters that it read last.
    counters.take([listed("1", 100, 60), listed("2", 0, 0)], start + 60 * second);
    const gone = { counted: false, bytesIn: 0, bytesOut: 0, age: 0 };
    counters.take([listed("1", 0, 0, gone), listed("2", 20, 1)], start + 61 * second);
    counters.end({ spi: "c1", bytes: 185, packets: 2 }, start + 65 * second);
    counters.end({ spi: "d1", bytes: 300, packets: 3 }, start + 65 * second);
    // A report that follows is older than the final counters.
    counters.take([listed("1", 100, 65)], start + 65 * second);
    counters.take([listed("2", 30, 10)], start + 70 * second);
    assert.equal(bytes(counters), 215);
    assert.equal(counters.of("partner", "lan").bytesOut, 360);
  });

  it("includes final counters that the kernel reports before charon reports the SA", () => {
    const counters = new TrafficCounters(start);
    counters.end({ spi: "c1", bytes: 70, packets: 2 }, start + 10 * second);
    counters.take([listed("1", 50, 5)], start + 10 * second);
    assert.equal(bytes(counters), 70);
  });

  it("begins at the start time, so that a restart does not count earlier traffic again", () => {
    const counters = new TrafficCounters(start);
    counters.take([listed("1", 5_000, 600)], start);
    assert.equal(bytes(counters), 0);
    counters.take([listed("1", 5_070, 610)], start + 10 * second);
    assert.equal(bytes(counters), 70);
    counters.end({ spi: "c1", bytes: 5_100, packets: 9 }, start + 20 * second);
    assert.equal(bytes(counters), 100);
  });

  it("ignores the end of an SPI that an inbound and an outbound SA share", () => {
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
