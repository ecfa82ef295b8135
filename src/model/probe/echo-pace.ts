import type { Child, Connection } from "../api/connection.ts";
import { hasSeveralPaths } from "../api/path.ts";

/** How often a probe asks, and how soon it judges. */
export interface EchoPace {
  /** Milliseconds between two requests while the target answers. */
  readonly restMs: number;
  /**
   * `steady`: a request has until the next one. `adaptive`: the time for an answer follows the measured
   * round trip, and a lost request is repeated at once.
   */
  readonly kind: "steady" | "adaptive";
}

/** The pace of a child's probe: adaptive where the connection has another path to change to. */
export function paceOf(connection: Connection, { intervalSeconds }: NonNullable<Child["probe"]>) {
  const pace: EchoPace = hasSeveralPaths(connection)
    ? { kind: "adaptive", restMs: connection.failover.probeMilliseconds }
    : { kind: "steady", restMs: intervalSeconds * 1_000 };
  return pace;
}

/** Whether two paces are the same. */
export function samePace(a: EchoPace, b: EchoPace): boolean {
  return a.kind === b.kind && a.restMs === b.restMs;
}
