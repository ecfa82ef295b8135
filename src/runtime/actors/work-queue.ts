/** Work of priority `low` also waits while {@link WorkQueue.before} holds it back. */
export type Priority = "high" | "normal" | "low";

/** Work in the queue. */
interface QueuedTask {
  readonly start: () => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Orders work that blocks the thread, system calls of milliseconds each: one task per turn of
 * the event loop, so that sockets are served in between.
 */
export class WorkQueue {
  readonly #queued: Readonly<Record<Priority, QueuedTask[]>> = { high: [], normal: [], low: [] };
  #held = 0;
  #scheduled = false;
  readonly #onStart: (priority: Priority, waitedSeconds: number) => void;

  /** @param onStart called for each task as it starts, with the time that it waited in seconds */
  constructor(onStart: (priority: Priority, waitedSeconds: number) => void = () => {}) {
    this.#onStart = onStart;
  }

  /** Resolves when the task may run, never once the signal is aborted. */
  next(priority: Priority, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const since = performance.now();
      const start = () => {
        this.#onStart(priority, (performance.now() - since) / 1_000);
        resolve();
      };
      this.#queued[priority].push({ start, signal });
      this.#schedule();
    });
  }

  /** Holds tasks of low priority back until the promise settles. */
  async before<T>(important: Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await important;
    } finally {
      this.#held--;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#queues().every(({ length }) => length === 0)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#take()?.start();
      this.#schedule();
    });
  }

  #queues(): QueuedTask[][] {
    const { high, normal, low } = this.#queued;
    return this.#held === 0 ? [high, normal, low] : [high, normal];
  }

  /** The first task that was not aborted. */
  #take(): QueuedTask | undefined {
    for (const queue of this.#queues()) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (next.signal?.aborted !== true) return next;
      }
    }
    return undefined;
  }
}
