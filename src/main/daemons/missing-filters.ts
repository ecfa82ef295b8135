import type { Logger } from "pino";
import { deviceHook, missingRequirement } from "../../adapters/nftables/requirements.ts";
import { Reason } from "../../model/status/failure.ts";

/** Logs that gateways here cannot have two MAC addresses, which those of one node do not need. */
export function logMissingReception(log: Logger): void {
  const missing = missingRequirement(undefined, deviceHook);
  // Filters that lack more are logged as such.
  if (missing === undefined || missingRequirement(undefined, "") !== undefined) return;
  const effect =
    "a connection with paths on several nodes may lose packets each time that another node takes over";
  log.warn({ reason: Reason.PacketFilterUnavailable }, `${missing}; until then, ${effect}`);
}

/**
 * Logs the requirements of packet filters that this machine lacks: until it has them, gateways and
 * workers carry no traffic.
 *
 * @param rules the rules that will be set here; all rules by default
 */
export function logMissingFilters(log: Logger, rules?: string): void {
  const missing = missingRequirement(undefined, rules);
  if (missing !== undefined) log.error({ reason: Reason.PacketFilterUnavailable }, missing);
}
