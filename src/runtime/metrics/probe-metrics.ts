import { Counter, Gauge, Summary, type Registry } from "prom-client";
import type { ProbeResult } from "../ports/runtime-events.ts";
import { childRefKey, type ChildRef } from "../../model/api/child-ref.ts";
import type { Status } from "../../model/status/status.ts";

const labelNames = ["connection", "child"];

/** The metrics of probes. */
export class ProbeMetrics {
  readonly #roundTrips: Summary;
  readonly #lost: Counter;
  /** The labels of the children that have series. */
  readonly #known = new Map<string, ChildRef>();

  constructor(registry: Registry, status: () => Status) {
    const registers = [registry];
    // Registered first: a scrape then collects the others without series of undeclared children.
    const keep = (declared: ReadonlySet<string>) => this.#keep(declared);
    void new Gauge({
      name: "ipman_probe_reachable",
      help: "1 if the probe of a child is answered, 0 if it is not or not yet.",
      labelNames,
      registers,
      collect() {
        this.reset();
        const probes = probesIn(status());
        for (const { up, ...labels } of probes) this.set(labels, up ? 1 : 0);
        keep(new Set(probes.map(childRefKey)));
      },
    });
    this.#roundTrips = new Summary({
      name: "ipman_probe_round_trip_seconds",
      help: "Round trip times of the answered echo requests of a probe.",
      labelNames,
      registers,
      percentiles: [],
    });
    this.#lost = new Counter({
      name: "ipman_probe_lost_total",
      help: "Echo requests of a probe that were not answered in time.",
      labelNames,
      registers,
    });
  }

  take({ connection, child, seconds }: ProbeResult): void {
    const labels = { connection, child };
    this.#known.set(childRefKey(labels), labels);
    // An explicit 0 before the first loss.
    this.#lost.inc(labels, seconds === undefined ? 1 : 0);
    if (seconds !== undefined) this.#roundTrips.observe(labels, seconds);
  }

  /** Removes the series of children that are no longer declared. */
  #keep(declared: ReadonlySet<string>): void {
    for (const [key, labels] of this.#known) {
      if (declared.has(key)) continue;
      this.#known.delete(key);
      this.#lost.remove({ ...labels });
      this.#roundTrips.remove({ ...labels });
    }
  }
}

function probesIn({ connections }: Status) {
  return connections.flatMap(({ id, children }) =>
    children
      .filter(({ reachability }) => reachability !== undefined)
      .map(({ key, reachability }) => ({
        connection: id,
        child: key,
        up: reachability === "reachable",
      })),
  );
}
