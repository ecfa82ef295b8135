import { KubeError } from "../../adapters/kubernetes/client/kube-error.ts";
import { logTrouble } from "./log.ts";
import type { Logger } from "pino";

/** Between the first and the second line of a failure that recurs, and the most; milliseconds. */
const firstMs = 10_000;
const longestMs = 600_000;

/** A failure that recurs less often is a new one. */
const forgottenMs = 60_000;

const mostKinds = 1_000;

interface Recurring {
  readonly lastAt: number;
  /** The next line is written from then on. */
  readonly nextAt: number;
  readonly intervalMs: number;
  /** The failures since the last line. */
  readonly omitted: number;
}

/**
 * Logs failures that are retried. While the API server is away, every watch fails every few seconds: the
 * same failure of the same request is logged at once, and then at growing intervals.
 * `ipman_adapter_call_seconds` counts each one.
 */
export class TroubleLog {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #known = new Map<string, Recurring>();

  constructor(log: Logger, now = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  take(error: unknown): void {
    if (!(error instanceof KubeError) || !error.retryable) return logTrouble(this.#log, error);
    const key = `${error.op} ${error.code}`;
    const now = this.#now();
    const last = this.#known.get(key);
    // The oldest kind of failure is the first one.
    this.#known.delete(key);
    const known = last !== undefined && now - last.lastAt < forgottenMs ? last : undefined;
    if (known !== undefined && now < known.nextAt) {
      this.#known.set(key, { ...known, lastAt: now, omitted: known.omitted + 1 });
      return;
    }
    const intervalMs = known === undefined ? firstMs : Math.min(2 * known.intervalMs, longestMs);
    this.#known.set(key, { lastAt: now, nextAt: now + intervalMs, intervalMs, omitted: 0 });
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKinds && oldest !== undefined) this.#known.delete(oldest);
    logTrouble(this.#log, error, known?.omitted);
  }
}
