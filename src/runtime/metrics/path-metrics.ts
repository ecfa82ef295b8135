import { Counter, type Registry } from "prom-client";
import type { Status } from "../../model/status/status.ts";
import type { PathSwitch } from "../ports/runtime-events.ts";

/** The causes of switches; decisions with the two other causes keep the active path. */
const causes: readonly string[] = Object.keys({
  lost: true,
  failed: true,
  unreachable: true,
  move: true,
  failback: true,
  removed: true,
  drain: true,
} satisfies Readonly<Record<Exclude<PathSwitch["cause"], "start" | "abandoned">, true>>);

/** The counters of the switches between paths. */
export class PathMetrics {
  readonly #switches: Counter;
  /** The connections that have series. */
  readonly #known = new Set<string>();

  constructor(registry: Registry, status: () => Status) {
    const keep = (declared: ReadonlySet<string>) => this.#keep(declared);
    this.#switches = new Counter({
      name: "ipman_path_switches_total",
      help: "Switches of a connection to another path, by cause.",
      labelNames: ["connection", "cause"],
      registers: [registry],
      collect() {
        const several = status().connections.filter(({ paths = [] }) => paths.length > 0);
        keep(new Set(several.map(({ id }) => id)));
      },
    });
  }

  take({ connection, cause }: PathSwitch): void {
    this.#show(connection);
    this.#switches.inc({ connection, cause });
  }

  /** Has series of the connections with several paths, and of no other ones. */
  #keep(declared: ReadonlySet<string>): void {
    for (const connection of declared) this.#show(connection);
    for (const connection of this.#known.difference(declared)) {
      this.#known.delete(connection);
      for (const cause of causes) this.#switches.remove({ connection, cause });
    }
  }

  /** A rate needs a 0 before the first switch. */
  #show(connection: string): void {
    if (this.#known.has(connection)) return;
    this.#known.add(connection);
    for (const cause of causes) this.#switches.inc({ connection, cause }, 0);
  }
}
