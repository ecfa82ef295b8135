const firstMs = 500;
const longestMs = 30_000;

/**
 * The delay before the next attempt in milliseconds. It doubles with each failure up to a maximum;
 * a random half of it keeps many actors from retrying at once.
 *
 * @param attempt the number of failures, from 1
 * @param maxMs the maximum; 30 seconds by default
 */
export function backoffMs(attempt: number, maxMs = longestMs): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 10));
  return ceiling * (0.5 + Math.random() / 2);
}
