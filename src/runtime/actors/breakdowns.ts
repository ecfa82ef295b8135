import { backoffMs } from "../../model/time/backoff.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { contained, type OnBreakdown } from "./contained.ts";

/** Milliseconds without an exception after which the backoff of an actor starts again. */
const recoveredMs = 120_000;

interface Breakdown {
  readonly failure: Failure;
  readonly attempt: number;
  readonly at: number;
  /** Undefined once the actor has restarted. */
  readonly timer: NodeJS.Timeout | undefined;
}

export interface BreakdownsOptions {
  readonly onBreakdown: OnBreakdown;
  /** Restarts the actor with this id. */
  readonly restart: (id: string) => void;
}

/**
 * Root actors that an exception stopped: each exception is reported once, and the actor is shown
 * as failed and restarts after a backoff. All other actors continue.
 */
export class Breakdowns implements Disposable {
  readonly #options: BreakdownsOptions;
  readonly #byId = new Map<string, Breakdown>();
  /** Reported exceptions: each passes through all machines above the one in which it occurred. */
  readonly #reported = new WeakSet<object>();

  constructor(options: BreakdownsOptions) {
    this.#options = options;
  }

  /** Reports an exception that a running actor survives. */
  report(id: string, error: unknown): void {
    if (typeof error === "object" && error !== null) {
      if (this.#reported.has(error)) return;
      this.#reported.add(error);
    }
    this.#options.onBreakdown(id, error);
  }

  /** Reports an exception that stopped an actor, and schedules the restart of the actor. */
  restartLater(id: string, error: unknown): void {
    this.report(id, error);
    const before = this.#byId.get(id);
    clearTimeout(before?.timer);
    const at = performance.now();
    const isNew = before === undefined || at - before.at > recoveredMs;
    const attempt = isNew ? 1 : before.attempt + 1;
    const message = error instanceof Error ? error.message : String(error);
    this.#byId.set(id, {
      failure: failure(
        Reason.Internal,
        `an exception stopped this part of ipman, which restarts: ${message}`,
      ),
      attempt,
      at,
      timer: setTimeout(() => this.#restart(id), backoffMs(attempt)),
    });
  }

  /** The exception that stopped an actor, until the actor restarts. */
  failureOf(id: string): Failure | undefined {
    const breakdown = this.#byId.get(id);
    return breakdown?.timer === undefined ? undefined : breakdown.failure;
  }

  /** Forgets an actor, which then does not restart. */
  forget(id: string): void {
    clearTimeout(this.#byId.get(id)?.timer);
    this.#byId.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#byId.keys()) this.forget(id);
  }

  #restart(id: string): void {
    const breakdown = this.#byId.get(id);
    if (breakdown === undefined) return;
    this.#byId.set(id, { ...breakdown, timer: undefined });
    const failed = (error: unknown) => this.restartLater(id, error);
    contained(failed, this.#options.restart)(id);
  }
}
