import type { Address, Family } from "./address.ts";

/** All addresses of a family from `first` to `last`. */
export interface Interval {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** An interval of a list and an earlier one with addresses in common, by their indexes. */
export interface Overlap {
  readonly index: number;
  readonly earlier: number;
}

/**
 * Finds intervals that overlap with an earlier one, in the order of the list. It sorts once and
 * compares each interval with the preceding one that reaches furthest: if any two overlap, at
 * least one pair is found, and each interval is reported at most once.
 */
export function overlapsOf(intervals: readonly Interval[]): Overlap[] {
  const sorted = [...intervals.keys()].toSorted((a, b) =>
    compareIntervals(intervals[a] as Interval, intervals[b] as Interval),
  );
  const found = new Map<number, number>();
  let furthest: number | undefined;
  for (const index of sorted) {
    const interval = intervals[index] as Interval;
    const before = furthest === undefined ? undefined : intervals[furthest];
    const isSameFamily = before?.family === interval.family;
    if (isSameFamily && interval.first <= before.last) {
      const [earlier, later] =
        index < (furthest as number) ? [index, furthest as number] : [furthest as number, index];
      if (!found.has(later)) found.set(later, earlier);
    }
    if (!isSameFamily || interval.last > before.last) furthest = index;
  }
  return [...found]
    .map(([index, earlier]) => ({ index, earlier }))
    .toSorted((a, b) => a.index - b.index);
}

/** Orders by family, then by the first address; wider intervals precede narrower ones. */
export function compareIntervals(a: Interval, b: Interval): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  if (a.last === b.last) return 0;
  return a.last > b.last ? -1 : 1;
}

/** Whether the outer interval contains the whole inner one. */
export function isWithin(inner: Interval, outer: Interval): boolean {
  return inner.family === outer.family && inner.first >= outer.first && inner.last <= outer.last;
}

/** Whether an interval contains an address. */
export function isInInterval({ family, first, last }: Interval, address: Address): boolean {
  return family === address.family && first <= address.value && address.value <= last;
}
