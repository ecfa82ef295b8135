import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { SaEnd } from "../../model/charon/sa-statistics.ts";
import { ActorMetrics } from "./actor-metrics.ts";
import { CharonMetrics, type StatisticsPort } from "./charon-metrics.ts";
import { machinesBelow, type Transition } from "../actors/follow.ts";
import { showXfrmErrors, type ErrorsPort } from "./kernel-metrics.ts";
import { ProbeMetrics } from "./probe-metrics.ts";
import type { ProbeNews } from "../supervisor/probes.ts";
import { readinessText, unreadableText } from "./readiness-series.ts";
import { secretText } from "./secret-series.ts";
import type { StateWrites } from "../host/state-writer.ts";
import { statusText } from "./status-series.ts";
import type { Status } from "../../model/status/status.ts";
import { statusOf } from "../status/status.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Urgency } from "../actors/turns.ts";

/** Milliseconds between samples of the event loop's delay: each would wake a process at rest. */
const never = 2 ** 31 - 1;

/** What would come of those samples. */
const sampled = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
  (what) => `nodejs_eventloop_lag_${what}_seconds`,
);

const nothing: Status = {
  charon: { state: "", failure: undefined },
  connections: [],
  problems: [],
};

/** The runtime's metrics. What a status shows is read when it is scraped, not before. */
export class Metrics implements Disposable {
  readonly registry = new Registry();
  #charon: CharonMetrics | undefined;
  #actors: ActorMetrics | undefined;
  #probes: ProbeMetrics | undefined;
  #supervisor: Supervisor | undefined;
  /** As it was when the scrape began: several metrics are made of it. */
  #status: Status | undefined;
  readonly #shown = (): Status => this.#status ?? nothing;
  readonly #writers: (() => string)[] = [];
  readonly #calls = new Histogram({
    name: "ipman_adapter_call_seconds",
    help: "Time that calls to charon, to the kernel and to the API server took, by call and outcome.",
    labelNames: ["call", "outcome"],
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5],
    registers: [this.registry],
  });
  readonly #breakdowns = new Counter({
    name: "ipman_actor_breakdowns_total",
    help: "Exceptions that broke an actor or a stream, which were started again; each is a defect.",
    registers: [this.registry],
  });

  /** Until a state is shown, as of one that is always written. */
  #stateWrites: StateWrites = { problem: undefined, failures: 0 };

  constructor() {
    let looked = performance.eventLoopUtilization();
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: never });
    for (const name of sampled) this.registry.removeSingleMetric(name);
    void new Gauge({
      name: "ipman_event_loop_utilization",
      help: "Share of the time since the last scrape that the event loop was busy, 0 to 1.",
      registers: [this.registry],
      collect() {
        const now = performance.eventLoopUtilization();
        this.set(performance.eventLoopUtilization(now, looked).utilization);
        looked = now;
      },
    });
    const stateWrites = () => this.#stateWrites;
    void new Gauge({
      name: "ipman_state_unwritten",
      help: "1 where the state that outlives the process cannot be written down.",
      registers: [this.registry],
      collect() {
        this.set(stateWrites().problem === undefined ? 0 : 1);
      },
    });
    void new Counter({
      name: "ipman_state_write_failures_total",
      help: "Writes of the state that outlives the process that failed; each is tried again.",
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(stateWrites().failures);
      },
    });
  }

  /** Everything, as of now. */
  async text(): Promise<string> {
    // While charon makes its answer there is time for the rest.
    const ofCharon = this.#charon?.text();
    this.#status = this.#supervisor && statusOf(this.#supervisor);
    const written = this.#writers.map((write) => write());
    const own = await this.registry.metrics();
    return [(await ofCharon) ?? "", ...written, own].join("");
  }

  /** Adds metrics that are of thousands of things, and are written anew at each scrape. */
  add(write: () => string): void {
    this.#writers.push(write);
  }

  /** Counts what an event of charon reports. */
  take(event: CharonEvent): void {
    this.#charon?.take(event);
  }

  takeEnd(end: SaEnd): void {
    this.#charon?.takeEnd(end);
  }

  /** An actor's state changed. */
  move(move: Transition): void {
    this.#actors?.move(move);
  }

  /** A probe was answered, or was not. */
  probe(news: ProbeNews): void {
    this.#probes?.take(news);
  }

  /** Work got its turn of the event loop. */
  turn(urgency: Urgency, seconds: number): void {
    this.#actors?.turn(urgency, seconds);
  }

  [Symbol.dispose](): void {
    this.#charon?.[Symbol.dispose]();
  }

  /** Shows the supervisor's actors from now on, and what their charon tells of itself. */
  observe(supervisor: Supervisor, charon: StatisticsPort, network: ErrorsPort): void {
    this.#supervisor = supervisor;
    const declared = () => supervisor.desired.connections.values();
    showXfrmErrors(this.registry, network);
    this.#actors = new ActorMetrics(this.registry, () => machinesBelow(supervisor.rootActors));
    this.#probes = new ProbeMetrics(this.registry, this.#shown);
    this.#charon = new CharonMetrics({ charon, declared });
    this.add(() => statusText(this.#shown()));
    this.add(() => secretText(supervisor));
  }

  /** Shows what is declared, too: on a host nobody else does. */
  showDocuments(): void {
    this.add(() => readinessText(this.#shown().connections));
    this.add(() => unreadableText(this.#shown().problems));
  }

  /** Shows how writing down what outlives the process goes. */
  showStateWrites(writes: StateWrites): void {
    this.#stateWrites = writes;
  }

  adapterCall(call: string, seconds: number, failed: boolean): void {
    this.#calls.observe({ call, outcome: failed ? "error" : "ok" }, seconds);
  }

  breakdown(): void {
    this.#breakdowns.inc();
  }
}
