import pLimit, { type LimitFunction } from "p-limit";

/**
 * Limits the writes that no request waits for, so that the API server and this process have capacity
 * left for admission and the Lease.
 */
export function backgroundWrites(): LimitFunction {
  return pLimit(8);
}
