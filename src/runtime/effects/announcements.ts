import type { Gateway, Worker } from "../../model/network/endpoint.ts";

/**
 * Milliseconds between the announcements of a gateway to a worker; the last value repeats. The
 * first announcements may be lost, and those of two minutes may precede the attachment of the
 * worker, whose order can name the gateway from when the pod was admitted.
 */
const pausesMs = [100, 400, 1_500, ...Array<number>(30).fill(4_000), 60_000];

/** Workers per turn of the event loop: their frames take about eight milliseconds. */
const sliceSize = 32;

/** The announcements of a gateway to one worker. */
interface Progress {
  readonly gateway: Gateway;
  readonly sent: number;
  readonly dueAtMs: number;
}

/** Repeats announcements, so that each worker knows the address of its gateway even after losses. */
export class Announcements {
  readonly #progress = new WeakMap<Worker, Progress>();

  /**
   * Announces a gateway to its workers until it is stopped. A worker that had announcements of this
   * gateway before gets its next one when that is due. A gateway that was created again is another
   * object, even if it has the same name and address.
   *
   * @param announce sends to these workers, a slice of those that are due; a failed announcement is repeated like a successful one
   * @returns a function that stops the announcements
   */
  repeat(
    gateway: Gateway,
    workers: readonly Worker[],
    announce: (due: readonly Worker[]) => void,
  ): () => void {
    if (workers.length === 0) return () => {};
    let timer: NodeJS.Timeout | undefined;
    let immediate: NodeJS.Immediate | undefined;
    const pass = () => {
      const now = performance.now();
      const due = workers.filter((worker) => this.#dueAt(gateway, worker) <= now);
      slice(due, 0);
    };
    const slice = (due: readonly Worker[], from: number) => {
      const some = due.slice(from, from + sliceSize);
      const now = performance.now();
      for (const worker of some) this.#note(gateway, worker, now);
      if (some.length > 0) announce(some);
      const to = from + some.length;
      if (to < due.length) immediate = setImmediate(slice, due, to);
      else timer = setTimeout(pass, this.#nextAt(gateway, workers) - now);
    };
    pass();
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  }

  /**
   * Stops counting announcements to these workers: another gateway has them meanwhile, so that the
   * next announcement is sent at once and repeated soon.
   */
  forget(workers: readonly Worker[]): void {
    for (const worker of workers) this.#progress.delete(worker);
  }

  #nextAt(gateway: Gateway, workers: readonly Worker[]): number {
    return workers.reduce(
      (next, worker) => Math.min(next, this.#dueAt(gateway, worker)),
      Number.POSITIVE_INFINITY,
    );
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
