import type { Gateway, Worker } from "../../model/network/endpoint.ts";

/**
 * Milliseconds between the announcements of a gateway to a worker; the last value repeats. The
 * first announcements may be lost, and those of two minutes may precede the attachment of the
 * worker, whose order can name the gateway from when the pod was admitted.
 */
const pausesMs = [100, 400, 1_500, ...Array<number>(30).fill(4_000), 60_000];

/** Workers per turn of the event loop: their frames take about eight milliseconds. */
const sliceSize = 32;

/** A gateway, and the circumstances in which its workers need all announcements again. */
interface Announcer {
  readonly gateway: Gateway;
  /** Whether it carries its workers' traffic; what it announces depends on that. */
  readonly carries: boolean;
  /** The number of times that another gateway may have attracted the workers. */
  readonly contests: number;
}

/** The announcements of a gateway to one worker. */
interface Progress extends Announcer {
  readonly sent: number;
  readonly dueAtMs: number;
}

/** Repeats announcements, so that each worker knows the address of its gateway even after losses. */
export class Announcements {
  readonly #progress = new WeakMap<Worker, Progress>();

  /**
   * Announces a gateway to its workers until it is stopped. A worker that had announcements of this
   * gateway before gets its next one when that is due, but at once if the gateway carried no traffic
   * then and does now, or the reverse, or if another gateway may have attracted the workers since. A
   * gateway that was created again is another object, even if it has the same name and address.
   *
   * @param announce sends to these workers, a slice of those that are due; a failed announcement is repeated like a successful one
   * @param circumstances whether the gateway carries the traffic of the workers, and how often another one may have attracted them
   * @returns a function that stops the announcements
   */
  repeat(
    gateway: Gateway,
    workers: readonly Worker[],
    announce: (due: readonly Worker[]) => void,
    { carries = true, contests = 0 }: Partial<Omit<Announcer, "gateway">> = {},
  ): () => void {
    const announcer = { gateway, carries, contests };
    if (workers.length === 0) return () => {};
    let timer: NodeJS.Timeout | undefined;
    let immediate: NodeJS.Immediate | undefined;
    const pass = () => {
      const now = performance.now();
      const due = workers.filter((worker) => this.#dueAt(announcer, worker) <= now);
      slice(due, 0);
    };
    const slice = (due: readonly Worker[], from: number) => {
      const some = due.slice(from, from + sliceSize);
      const now = performance.now();
      for (const worker of some) this.#note(announcer, worker, now);
      if (some.length > 0) announce(some);
      const to = from + some.length;
      if (to < due.length) immediate = setImmediate(slice, due, to);
      else timer = setTimeout(pass, this.#nextAt(announcer, workers) - now);
    };
    pass();
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  }

  #nextAt(announcer: Announcer, workers: readonly Worker[]): number {
    return workers.reduce(
      (next, worker) => Math.min(next, this.#dueAt(announcer, worker)),
      Number.POSITIVE_INFINITY,
    );
  }

  #dueAt(announcer: Announcer, worker: Worker): number {
    const known = this.#progress.get(worker);
    return isOf(known, announcer) ? known.dueAtMs : Number.NEGATIVE_INFINITY;
  }

  #note(announcer: Announcer, worker: Worker, now: number): void {
    const known = this.#progress.get(worker);
    const sent = isOf(known, announcer) ? known.sent : 0;
    const pause = pausesMs[Math.min(sent, pausesMs.length - 1)] as number;
    this.#progress.set(worker, { ...announcer, sent: sent + 1, dueAtMs: now + pause });
  }
}

function isOf(known: Progress | undefined, announcer: Announcer): known is Progress {
  const { gateway, carries, contests } = announcer;
  return known?.gateway === gateway && known.carries === carries && known.contests === contests;
}
