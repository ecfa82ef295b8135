import { backoffMs } from "../../../model/time/backoff.ts";

/** The timers of the backoff. */
export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const systemTimers: Timers = {
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

export interface WriteQueueOptions<Request, Result> {
  /**
   * Makes one write for a batch of requests and resolves with their results, in the order of the
   * requests. The batch is empty if only {@link WriteQueue.requestWrite} requested the write.
   */
  readonly write: (requests: readonly Request[]) => Promise<readonly Result[]>;
  /** The most requests that wait at a time. */
  readonly maxWaiting: number;
  readonly timers?: Timers;
}

/** A request that waits for a write, and how its promise is settled. */
interface QueuedRequest<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** The longest pause after a failed write, in milliseconds: requests wait for its end. */
const maxPauseMs = 1_000;

/** Rejects a request that found the queue full. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

/**
 * Batches requests into writes, of which at most one is under way. Requests that arrive during a
 * write share the next one. A failed write rejects every request of its batch, and the next write
 * begins after a backoff.
 */
export class WriteQueue<Request, Result> {
  readonly #options: WriteQueueOptions<Request, Result>;
  readonly #timers: Timers;
  /** The requests of the write that is under way. */
  #batch: readonly QueuedRequest<Request, Result>[] = [];
  #queued: QueuedRequest<Request, Result>[] = [];
  #isWriting = false;
  /** Whether to write even if no request is queued. */
  #isWriteRequested = false;
  /** Writes that failed since the last that succeeded. */
  #failures = 0;
  /** The timer of the backoff, while it lasts. */
  #pause: unknown;
  /** The result of all requests once the queue has ended. */
  #end: { readonly result: Result } | undefined;

  constructor(options: WriteQueueOptions<Request, Result>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /**
   * Adds a request to the next write.
   *
   * @throws QueueFull
   * @throws the error of the write
   */
  add(request: Request): Promise<Result> {
    if (this.#end !== undefined) return Promise.resolve(this.#end.result);
    const { maxWaiting } = this.#options;
    if (this.#batch.length + this.#queued.length >= maxWaiting)
      return Promise.reject(new QueueFull(`${maxWaiting} requests wait already`));
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#queued.push({ request, resolve, reject });
    this.#writeIfIdle();
    return promise;
  }

  /** Makes another write, whether requests are queued or not. */
  requestWrite(): void {
    this.#isWriteRequested = true;
    this.#writeIfIdle();
  }

  /** Ends the queue: every request that waits, or is added later, gets this result. */
  end(result: Result): void {
    this.#end = { result };
    this.#timers.clearTimeout(this.#pause);
    for (const { resolve } of [...this.#batch, ...this.#queued]) resolve(result);
    this.#batch = [];
    this.#queued = [];
  }

  #writeIfIdle(): void {
    const isIdle = !this.#isWriting && this.#pause === undefined && this.#end === undefined;
    if (isIdle && (this.#queued.length > 0 || this.#isWriteRequested)) void this.#write();
  }

  async #write(): Promise<void> {
    this.#batch = this.#queued;
    this.#queued = [];
    this.#isWriteRequested = false;
    this.#isWriting = true;
    try {
      const results = await this.#options.write(this.#batch.map(({ request }) => request));
      for (const [i, { resolve }] of this.#batch.entries()) resolve(results[i] as Result);
      this.#failures = 0;
    } catch (error) {
      for (const { reject } of this.#batch) reject(error);
      this.#failures++;
      this.#pauseWrites();
    }
    this.#batch = [];
    this.#isWriting = false;
    this.#writeIfIdle();
  }

  #pauseWrites(): void {
    if (this.#end !== undefined) return;
    this.#pause = this.#timers.setTimeout(
      () => {
        this.#pause = undefined;
        this.#writeIfIdle();
      },
      backoffMs(this.#failures, { maxMs: maxPauseMs }),
    );
  }
}
