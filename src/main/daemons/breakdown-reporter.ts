import type { Logger } from "pino";
import type { OnBreakdown } from "../../runtime/actors/contained.ts";
import { logBreakdown } from "../../runtime/logs/log.ts";
import type { Metrics } from "../../runtime/metrics/metrics.ts";

/** Logs and counts exceptions that no supervisor reports: those of streams and manifests. */
export function breakdownReporter(log: Logger, metrics: Metrics): OnBreakdown {
  return (id, error) => {
    metrics.breakdown();
    logBreakdown(log, { id, error });
  };
}
