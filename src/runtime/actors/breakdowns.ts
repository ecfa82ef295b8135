import { backoffMs } from "../../model/time/backoff.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { contained, type OnBreakdown } from "./contained.ts";

/** An actor that ran for so long after it broke down begins again with a short backoff. */
const recoveredMs = 120_000;

interface Breakdown {
  readonly failure: Failure;
  readonly attempt: number;
  readonly at: number;
  /** Undefined since the actor was started again. */
  readonly timer: NodeJS.Timeout | undefined;
}

export interface BreakdownsOptions {
  readonly onBreakdown: OnBreakdown;
  /** Starts the actor of that id again. */
  readonly restart: (id: string) => void;
}

/**
 * Root actors that broke down by an exception: each is reported once, shown as failed, and
 * started again after a backoff while all others run on.
 */
export class Breakdowns implements Disposable {
  readonly #options: BreakdownsOptions;
  readonly #byId = new Map<string, Breakdown>();
  /** An exception passes through each machine above the one that it happened in. */
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

  /** Reports an exception that ended an actor, and has the actor started again. */
  restartLater(id: string, error: unknown): void {
    this.report(id, error);
    const before = this.#byId.get(id);
    clearTimeout(before?.timer);
    const at = performance.now();
    const isNew = before === undefined || at - before.at > recoveredMs;
    const attempt = isNew ? 1 : before.attempt + 1;
    const message = error instanceof Error ? error.message : String(error);
    this.#byId.set(id, {
      failure: failure(Reason.Internal, `ipman broke down here and starts again: ${message}`),
      attempt,
      at,
      timer: setTimeout(() => this.#restart(id), backoffMs(attempt)),
    });
  }

  /** Why an actor that is about to be started again does not run. */
  failureOf(id: string): Failure | undefined {
    const breakdown = this.#byId.get(id);
    return breakdown?.timer === undefined ? undefined : breakdown.failure;
  }

  /** Forgets an actor that is not wanted any more. */
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
