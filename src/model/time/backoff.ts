/** The range of the waits between attempts. */
export interface Backoff {
  readonly firstMs?: number;
  readonly maxMs?: number;
}

/**
 * The wait before the next attempt, in milliseconds. It doubles with each failure up to a maximum;
 * between half of it and all of it is waited, so that many clients do not come at once.
 *
 * @param attempt failures so far, from 1
 */
export function backoffMs(
  attempt: number,
  { firstMs = 500, maxMs = 30_000 }: Backoff = {},
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 16));
  return ceiling * (0.5 + random() / 2);
}
