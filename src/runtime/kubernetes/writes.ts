import pLimit, { type LimitFunction } from "p-limit";

/**
 * Whose turn it is to write what nobody waits for. So many at a time leave the API server,
 * and this process, to admission and to the Lease.
 */
export function backgroundWrites(): LimitFunction {
  return pLimit(8);
}
