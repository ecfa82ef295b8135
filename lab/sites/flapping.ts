export interface FlappingOptions {
  readonly seconds: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

/**
 * The durations, in milliseconds, for which a link is down, up, down and so on, each at random between
 * the shortest and the longest; they fill the time. The same seed gives the same durations.
 */
export function flappingPeriods(
  seed: number,
  { seconds, shortestMs, longestMs }: FlappingOptions,
): number[] {
  let state = seed;
  const periods: number[] = [];
  for (let left = seconds * 1_000; left > 0; left -= periods.at(-1) ?? left) {
    // A linear congruential generator (Numerical Recipes).
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const periodMs = shortestMs + (state / 2 ** 32) * (longestMs - shortestMs);
    periods.push(Math.min(Math.round(periodMs / 100) * 100, left));
  }
  return periods;
}
