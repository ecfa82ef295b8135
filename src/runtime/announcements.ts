import type { Gateway, Worker } from "../model/endpoint.ts";

/**
 * Milliseconds from one announcement of a gateway to a worker until the next; the last for all
 * that follow. The first may be lost on the way, and those of two minutes may come before the
 * worker is attached: its order can name the gateway of the time when the pod was admitted.
 */
const pausesMs = [100, 400, 1_500, ...Array<number>(30).fill(4_000), 60_000];

/** How often a worker was told of a gateway. */
interface Progress {
  readonly gateway: Gateway;
  readonly sent: number;
  readonly dueAtMs: number;
}

/** Repeats announcements, so that each worker knows where its gateway is, whatever was lost. */
export class Announcements {
  readonly #progress = new WeakMap<Worker, Progress>();

  /**
   * Announces a gateway to its workers until it is stopped. Workers that were told of this
   * gateway before are told again when that is due. A gateway that was made again is another
   * object, also where it has the name and the address of the one before.
   *
   * @param announce sends to these workers; what fails is repeated like what succeeds
   * @returns what stops it
   */
  repeat(
    gateway: Gateway,
    workers: readonly Worker[],
    announce: (due: readonly Worker[]) => void,
  ): () => void {
    let timer: NodeJS.Timeout | undefined;
    const pass = () => {
      const now = performance.now();
      const due = workers.filter((worker) => this.#dueAt(gateway, worker) <= now);
      for (const worker of due) this.#note(gateway, worker, now);
      if (due.length > 0) announce(due);
      const next = Math.min(...workers.map((worker) => this.#dueAt(gateway, worker)));
      if (workers.length > 0) timer = setTimeout(pass, next - now);
    };
    pass();
    return () => clearTimeout(timer);
  }

  #dueAt(gateway: Gateway, worker: Worker): number {
    const known = this.#progress.get(worker);
    return known?.gateway === gateway ? known.dueAtMs : Number.NEGATIVE_INFINITY;
  }

  #note(gateway: Gateway, worker: Worker, now: number): void {
    const known = this.#progress.get(worker);
    const sent = known?.gateway === gateway ? known.sent : 0;
    const pause = pausesMs[Math.min(sent, pausesMs.length - 1)] as number;
    this.#progress.set(worker, { gateway, sent: sent + 1, dueAtMs: now + pause });
  }
}
