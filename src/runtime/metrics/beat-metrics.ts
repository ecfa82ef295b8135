import { Counter, Gauge, type Registry } from "prom-client";
import type { BeatCount } from "../beats/beat-count.ts";
import type { BeatExchange } from "../beats/beat-exchange.ts";
import type { ConnectionBeats } from "../beats/connection-beats.ts";

/** The metrics of an agent's beats. */
export class BeatMetrics {
  readonly #registry: Registry;
  readonly #beats: Counter;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#beats = new Counter({
      name: "ipman_beats_total",
      help: "Datagrams that this agent and those of other groups exchanged, by direction and result.",
      labelNames: ["direction", "result"],
      registers: [registry],
    });
  }

  readonly count: BeatCount = (direction, result) => this.#beats.inc({ direction, result });

  /** Adds the metrics of the present peers. */
  show(
    exchange: Pick<BeatExchange, "groups" | "presenceOf">,
    beats: Pick<ConnectionBeats<object>, "leading">,
  ): void {
    const registers = [this.#registry];
    void new Gauge({
      name: "ipman_peer_present",
      help: "1 if the agent of another group of a connection is heard or its node answers, 0 if not.",
      labelNames: ["group"],
      registers,
      collect() {
        this.reset();
        for (const group of exchange.groups)
          this.set({ group }, exchange.presenceOf(group) === "present" ? 1 : 0);
      },
    });
    void new Gauge({
      name: "ipman_connection_leading",
      help: "1 if the gateways of this agent carry the traffic of the connection, 0 if those of another do.",
      labelNames: ["connection"],
      registers,
      collect() {
        this.reset();
        for (const [connection, leads] of beats.leading) this.set({ connection }, leads ? 1 : 0);
      },
    });
  }
}
