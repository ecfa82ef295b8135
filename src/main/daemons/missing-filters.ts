import type { Logger } from "pino";
import { missingRequirement } from "../../adapters/nftables/requirements.ts";
import { Reason } from "../../model/status/failure.ts";

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
