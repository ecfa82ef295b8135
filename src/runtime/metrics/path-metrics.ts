import { Counter, type Registry } from "prom-client";
import type { Status } from "../../model/status/status.ts";
import type { PathSwitch } from "../ports/runtime-events.ts";

/** The counters of the switches between paths. */
export class PathMetrics {
  readonly #switches: Counter;
  /** The labels of the series, by connection. */
  readonly #known = new Map<string, Set<string>>();

  constructor(registry: Registry, status: () => Status) {
    const keep = (declared: ReadonlySet<string>) => this.#keep(declared);
    this.#switches = new Counter({
      name: "ipman_path_switches_total",
      help: "Switches of a connection to another path, by cause.",
      labelNames: ["connection", "cause"],
      registers: [registry],
      collect() {
        keep(new Set(status().connections.map(({ id }) => id)));
      },
    });
  }

  take({ connection, cause }: PathSwitch): void {
    const causes = this.#known.get(connection) ?? new Set();
    this.#known.set(connection, causes.add(cause));
    this.#switches.inc({ connection, cause });
  }

  /** Removes the series of connections that are not declared any more. */
  #keep(declared: ReadonlySet<string>): void {
    for (const [connection, causes] of this.#known) {
      if (declared.has(connection)) continue;
      this.#known.delete(connection);
      for (const cause of causes) this.#switches.remove({ connection, cause });
    }
  }
}
