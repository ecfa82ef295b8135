import type { ChildRef } from "../api/child-ref.ts";

/** The number of connections that a namespace tracks, and its limit; a limit of 0 means none. */
export interface TrackedUsage {
  readonly connections: number;
  readonly limit: number;
}

/** The same of the gateway of a child. */
export interface GatewayUsage extends ChildRef, TrackedUsage {}

const nearShare = 0.9;
/** Well below, so that the judgement does not change with each connection. */
const enoughShare = 0.8;

/**
 * Whether so many connections are tracked that new ones will soon be dropped.
 *
 * @param wasNear the judgement before
 */
export function isNearLimit({ connections, limit }: TrackedUsage, wasNear: boolean): boolean {
  if (limit === 0) return false;
  return connections > (wasNear ? enoughShare : nearShare) * limit;
}
