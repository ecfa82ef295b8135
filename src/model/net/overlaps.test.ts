import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { overlapsOf, type Interval } from "./overlaps.ts";

const interval = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), first: fc.nat(60), size: fc.nat(12) })
  .map(({ family, first, size }) => ({ family, first: BigInt(first), last: BigInt(first + size) }));

const share = (a: Interval, b: Interval) =>
  a.family === b.family && a.first <= b.last && b.first <= a.last;

/** Intervals of one address each that count the reads of their first address. */
function countedIntervals(size: number): { intervals: Interval[]; reads: () => number } {
  let reads = 0;
  const intervals = Array.from({ length: size }, (_, i) => ({
    family: 4 as const,
    get first() {
      reads++;
      // Unsorted, so that the search has to sort them.
      return BigInt((i * 7919) % size);
    },
    last: BigInt((i * 7919) % size),
  }));
  return { intervals, reads: () => reads };
}

describe("the overlaps of intervals", () => {
  it("are found if there are any, each with an earlier interval", () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 30 }), (intervals) => {
        const found = overlapsOf(intervals);
        for (const { index, earlier } of found) {
          assert.ok(earlier < index);
          assert.ok(share(intervals[index] as Interval, intervals[earlier] as Interval));
        }
        const any = intervals.some((one, i) => intervals.slice(0, i).some((b) => share(one, b)));
        assert.equal(found.length > 0, any);
        assert.equal(new Set(found.map(({ index }) => index)).size, found.length);
      }),
    );
  });

  it("are found with n log n comparisons", () => {
    for (const size of [1_024, 16_384]) {
      const { intervals, reads } = countedIntervals(size);
      assert.deepEqual(overlapsOf(intervals), []);
      // A comparison of two intervals reads at most four first addresses.
      assert.ok(reads() < 8 * size * Math.log2(size), `${reads()} reads for ${size} intervals`);
    }
  });
});
