import { Histogram, type Registry } from "prom-client";
import { childRefKey, type ChildRef } from "../../model/api/child-ref.ts";
import type { Status } from "../../model/status/status.ts";
import type { PathSwitch, ProbeResult } from "../ports/runtime-events.ts";

/** The last answered probe of a child, by the monotonic clock in milliseconds. */
interface Answered extends ChildRef {
  readonly at: number;
  /** Whether another path took over since. */
  readonly isBefore: boolean;
}

export interface SwitchGapOptions {
  readonly registry: Registry;
  readonly status: () => Status;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/**
 * The gaps of switches to another path, as the probes of children measure them: from the last answer
 * before a switch to the first one after it. A switch without an answer before it has no known gap.
 */
export class SwitchGapMetrics {
  readonly #answered = new Map<string, Answered>();
  readonly #now: () => number;
  readonly #gaps: Histogram;
  /** The labels of the children that have series. */
  readonly #known = new Map<string, ChildRef>();

  constructor({ registry, status, now = () => performance.now() }: SwitchGapOptions) {
    this.#now = now;
    const keep = (declared: readonly ChildRef[]) => this.#keep(declared);
    this.#gaps = new Histogram({
      name: "ipman_path_switch_gap_seconds",
      help: "Time from the last answered probe before a switch to another path to the first one after it.",
      labelNames: ["connection", "child"],
      buckets: [0.25, 0.5, 1, 2, 5, 15],
      registers: [registry],
      collect() {
        keep(measuredIn(status()));
      },
    });
  }

  answer({ connection, child, seconds }: ProbeResult): void {
    if (seconds === undefined) return;
    const key = childRefKey({ connection, child });
    const at = this.#now();
    const last = this.#answered.get(key);
    this.#answered.set(key, { connection, child, at, isBefore: false });
    if (last?.isBefore !== true) return;
    this.#show(last);
    this.#gaps.observe({ connection, child }, (at - last.at) / 1_000);
  }

  /**
   * @param isFromHere whether this agent had the former path: otherwise another agent's probes were
   * answered last
   */
  take({ connection }: PathSwitch, isFromHere: boolean): void {
    for (const [key, last] of this.#answered) {
      if (last.connection !== connection) continue;
      if (isFromHere) this.#answered.set(key, { ...last, isBefore: true });
      else this.#answered.delete(key);
    }
  }

  /** Has series of the declared children, and of no other ones. */
  #keep(declared: readonly ChildRef[]): void {
    for (const child of declared) this.#show(child);
    const keys = new Set(declared.map(childRefKey));
    for (const [key, { connection, child }] of this.#known) {
      if (keys.has(key)) continue;
      this.#known.delete(key);
      this.#gaps.remove({ connection, child });
    }
    for (const key of this.#answered.keys()) if (!keys.has(key)) this.#answered.delete(key);
  }

  /** A rate needs a 0 before the first switch. */
  #show({ connection, child }: ChildRef): void {
    const key = childRefKey({ connection, child });
    if (this.#known.has(key)) return;
    this.#known.set(key, { connection, child });
    this.#gaps.zero({ connection, child });
  }
}

/** The children with a probe of connections with several paths. */
function measuredIn({ connections }: Status): ChildRef[] {
  return connections
    .filter(({ paths = [] }) => paths.length > 0)
    .flatMap(({ id, children }) =>
      children
        .filter(({ reachability }) => reachability !== undefined)
        .map(({ key }) => ({ connection: id, child: key })),
    );
}
