/** The first pause of a contest, and the longest one; milliseconds. */
const firstMs = 2_000;
const maxMs = 60_000;

/** The last status of this agent for a connection. */
interface Contest {
  readonly active: string | undefined;
  /** How often another agent wrote over it. */
  readonly times: number;
  /** Set while the status is left to the other agent. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * The statuses that another agent writes as well. Two agents that do not hear each other may both lead a
 * connection: each finds the other's status, and would write its own again at once, with an event. Both
 * wait longer each time.
 */
export class Contests implements Disposable {
  readonly #retry: (id: string) => void;
  readonly #contests = new Map<string, Contest>();

  /** @param retry called when the pause of a connection ends */
  constructor(retry: (id: string) => void) {
    this.#retry = retry;
  }

  /** Whether the status of another agent stays for now. */
  isWaiting(id: string): boolean {
    return this.#contests.get(id)?.timer !== undefined;
  }

  /**
   * Notes a write of a status.
   *
   * @param active the active path in it
   * @param before that of the status which it replaced
   */
  noteWritten(id: string, active: string | undefined, before: string | undefined): void {
    const known = this.#contests.get(id);
    if (known === undefined || known.active !== active) {
      this.forget(id);
      this.#contests.set(id, { active, times: 0, timer: undefined });
      return;
    }
    if (before === undefined || before === active) return;
    clearTimeout(known.timer);
    const timer = setTimeout(
      () => {
        contest.timer = undefined;
        this.#retry(id);
      },
      Math.min(maxMs, firstMs * 2 ** known.times),
    );
    const contest: Contest = { active, times: Math.min(known.times + 1, 16), timer };
    this.#contests.set(id, contest);
  }

  /** Forgets a connection that another agent leads, as this one knows. */
  forget(id: string): void {
    clearTimeout(this.#contests.get(id)?.timer);
    this.#contests.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#contests.keys()) this.forget(id);
  }
}
