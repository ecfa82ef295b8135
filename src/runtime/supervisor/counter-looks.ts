import type { KernelCounters } from "../../model/traffic/sa-counters.ts";
import type { WorkQueue } from "../actors/work-queue.ts";
import { measured, type EffectPorts } from "../effects/effect.ts";
import type { NetworkPort } from "../ports/ports.ts";

/** The ports of a look at the kernel's counters. */
export interface CounterPorts {
  readonly network: Pick<NetworkPort, "saCounters">;
  readonly queue: Pick<WorkQueue, "next">;
  /** Receives the duration and the outcome of each list of counters. */
  readonly calls: EffectPorts["calls"];
  /** Receives exceptions, which are defects. */
  readonly report: (error: unknown) => void;
}

export interface CounterLooksOptions extends CounterPorts {
  /** Whether there is anything to look for. */
  readonly isNeeded: () => boolean;
  /** Takes the counters by if_id: none if the list failed, as while charon is away. */
  readonly look: (byIfId: ReadonlyMap<number, readonly KernelCounters[]>) => void;
}

/** Lists the kernel's counters of SAs again and again, as long as there is something to look for. */
export class CounterLooks implements Disposable {
  /** Milliseconds between a look and the next one. */
  waitMs = 0;
  readonly #options: CounterLooksOptions;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #ended = false;

  constructor(options: CounterLooksOptions) {
    this.#options = options;
  }

  /** Looks after this time, in milliseconds, instead of the present one. */
  restart(waitMs: number): void {
    this.waitMs = waitMs;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #lookLater(): void {
    if (this.#ended || this.#isLooking || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isLooking = true;
      void this.#look()
        .catch(this.#options.report)
        .then(() => {
          this.#isLooking = false;
          if (this.#options.isNeeded()) this.#lookLater();
        });
    }, this.waitMs);
  }

  async #look(): Promise<void> {
    const { network, queue, calls, isNeeded, look } = this.#options;
    if (!isNeeded()) return;
    // The list blocks the thread.
    await queue.next("low");
    // Metrics count a failure, and the next list follows anyway.
    const counters = await measured({ calls }, "network.saCounters", () =>
      network.saCounters(),
    ).catch(() => []);
    if (this.#ended) return;
    const byIfId = Map.groupBy(counters, ({ ifId }) => ifId);
    look(byIfId);
  }
}
