import type { Logger } from "pino";
import { logBreakdown, logNews } from "../logs/log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Recent } from "../logs/recent.ts";
import type { SupervisorOptions } from "../supervisor/supervisor-options.ts";

type Observers = Pick<
  SupervisorOptions,
  | "onAdapterCall"
  | "onNews"
  | "onSaEnd"
  | "onMove"
  | "onProbe"
  | "onTurn"
  | "followLog"
  | "onBreakdown"
>;

/** Lets log and metrics have what a supervisor's actors do. */
export function observers(log: Logger, metrics: Metrics, recent: Recent): Observers {
  return {
    onAdapterCall: (call, seconds, failed) => metrics.adapterCall(call, seconds, failed),
    onNews: (news) => {
      logNews(log, news);
      recent.noteCharon(news, Date.now());
      metrics.take(news);
    },
    onSaEnd: (end) => metrics.takeEnd(end),
    onMove: (move) => metrics.move(move),
    onProbe: (news) => metrics.probe(news),
    onTurn: (urgency, seconds) => metrics.turn(urgency, seconds),
    followLog: log.isLevelEnabled("debug"),
    onBreakdown: (id, error) => {
      metrics.breakdown();
      logBreakdown(log, id, error);
    },
  };
}
