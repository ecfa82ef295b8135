import type { Logger } from "pino";
import { missingRequirement } from "../../adapters/nftables/requirements.ts";
import { Reason } from "../../model/status/failure.ts";

/**
 * Logs what packet filters need and this machine lacks: until it is there, gateways and workers
 * carry nothing.
 *
 * @param rules the rules that will be set here; all of them if it is left out
 */
export function logMissingFilters(log: Logger, rules?: string): void {
  const missing = missingRequirement(undefined, rules);
  if (missing !== undefined) log.error({ reason: Reason.PacketFilterUnavailable }, missing);
}
