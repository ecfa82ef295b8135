/** A version of charon. */
export type CharonVersion = `${number}.${number}.${number}`;

/** The versions of charon, from 5.9.8 on, that know an option or accept a value. */
export interface VersionRange {
  /** The first of them; undefined for 5.9.8. */
  readonly since?: CharonVersion | undefined;
  /** The first version after them; undefined if there is none. */
  readonly before?: CharonVersion | undefined;
}

export const everyVersion: VersionRange = {};

/** Whether a version is in a range. */
export function isInRange(version: CharonVersion, { since, before }: VersionRange): boolean {
  return (
    (since === undefined || compare(version, since) >= 0) &&
    (before === undefined || compare(version, before) < 0)
  );
}

/** The versions that are in all ranges. */
export function commonRange(ranges: readonly VersionRange[]): VersionRange {
  const since = ranges.flatMap((range) => range.since ?? []).toSorted(compare);
  const before = ranges.flatMap((range) => range.before ?? []).toSorted(compare);
  if (since.length === 0 && before.length === 0) return everyVersion;
  return { since: since.at(-1), before: before[0] };
}

/** Whether no version is in a range. */
export function isEmptyRange({ since, before }: VersionRange): boolean {
  return since !== undefined && before !== undefined && compare(since, before) >= 0;
}

function compare(a: CharonVersion, b: CharonVersion): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const different = left.findIndex((number, i) => number !== right[i]);
  return different < 0 ? 0 : (left[different] ?? 0) - (right[different] ?? 0);
}

function numbersOf(version: CharonVersion): number[] {
  return version.split(".").map(Number);
}
