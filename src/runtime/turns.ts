/** Work that waits for its turn. */
interface Waiting {
  readonly go: () => void;
  readonly signal: AbortSignal;
}

/**
 * The order of work that holds the thread up, system calls of milliseconds each: one piece
 * per turn of the event loop, so that sockets get theirs in between. Urgent pieces go
 * first; patient ones wait as well while something is held to matter more.
 */
export class Turns {
  readonly #urgent: Waiting[] = [];
  readonly #patient: Waiting[] = [];
  #held = 0;
  #scheduled = false;

  /** Resolves when it is this piece's turn, never once the signal is aborted. */
  next(urgent: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      (urgent ? this.#urgent : this.#patient).push({ go: resolve, signal });
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
    const ready = this.#urgent.length > 0 || (this.#held === 0 && this.#patient.length > 0);
    if (this.#scheduled || !ready) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#take()?.go();
      this.#schedule();
    });
  }

  /** The first that is still wanted. */
  #take(): Waiting | undefined {
    for (const queue of [this.#urgent, this.#held === 0 ? this.#patient : []]) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (!next.signal.aborted) return next;
      }
    }
    return undefined;
  }
}
