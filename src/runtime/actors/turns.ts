/** Work that waits for its turn. */
interface WaitingTask {
  readonly go: () => void;
  readonly signal: AbortSignal | undefined;
}

/** What goes first; `patient` work waits as well while something is held to matter more. */
export type Urgency = "first" | "soon" | "patient";

/**
 * The order of work that holds the thread up, system calls of milliseconds each: one piece
 * per turn of the event loop, so that sockets get theirs in between.
 */
export class Turns {
  readonly #waiting: Readonly<Record<Urgency, WaitingTask[]>> = {
    first: [],
    soon: [],
    patient: [],
  };
  #held = 0;
  #scheduled = false;
  readonly #onTurn: (urgency: Urgency, seconds: number) => void;

  /** @param onTurn told of each piece how long it waited */
  constructor(onTurn: (urgency: Urgency, seconds: number) => void = () => {}) {
    this.#onTurn = onTurn;
  }

  /** Resolves when it is this piece's turn, never once the signal is aborted. */
  next(urgency: Urgency, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const since = performance.now();
      const go = () => {
        this.#onTurn(urgency, (performance.now() - since) / 1_000);
        resolve();
      };
      this.#waiting[urgency].push({ go, signal });
      this.#schedule();
    });
  }

  /** Keeps patient pieces waiting until what `matters` settles. */
  async before<T>(matters: Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await matters;
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
      this.#take()?.go();
      this.#schedule();
    });
  }

  #queues(): WaitingTask[][] {
    const { first, soon, patient } = this.#waiting;
    return this.#held === 0 ? [first, soon, patient] : [first, soon];
  }

  /** The first that is still wanted. */
  #take(): WaitingTask | undefined {
    for (const queue of this.#queues()) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (next.signal?.aborted !== true) return next;
      }
    }
    return undefined;
  }
}
