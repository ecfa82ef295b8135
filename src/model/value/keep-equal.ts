import { isDeepStrictEqual } from "node:util";

/**
 * The previous value if the next one is deeply equal, so that consumers can compare values by
 * `===`.
 */
export function keepEqual<T>(previous: T | undefined, next: T): T {
  if (previous === undefined || previous === next) return next;
  return isDeepStrictEqual(previous, next) ? previous : next;
}
