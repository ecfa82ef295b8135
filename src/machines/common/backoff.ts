const firstMs = 500;
const longestMs = 30_000;

/**
 * How long to wait before trying again: twice as long after each failure, up to a longest
 * time, and anything from half of that to all of it, so that many do not come at once.
 *
 * @param attempt failures so far, from 1
 * @param maxMs the longest time; 30 seconds unless it is given
 */
export function backoffMs(attempt: number, maxMs = longestMs): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 10));
  return ceiling * (0.5 + Math.random() / 2);
}
