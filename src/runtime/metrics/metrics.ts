import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { Subscription, type Observable } from "rxjs";
import { ActorMetrics } from "./actor-metrics.ts";
import { CharonMetrics, type StatisticsPort } from "./charon-metrics.ts";
import { machinesBelow } from "../actors/machines-below.ts";
import { showXfrmErrors, type ErrorsPort } from "./kernel-metrics.ts";
import { ProbeMetrics } from "./probe-metrics.ts";
import { readinessText, unreadableText } from "./readiness-series.ts";
import { secretText } from "./secret-series.ts";
import type { StateWrites } from "../host/state-writer.ts";
import { statusText } from "./status-series.ts";
import type { Status } from "../../model/status/status.ts";
import { statusOf } from "../status/status.ts";
import type { Running } from "../ports/running.ts";
import type { AdapterCall, RuntimeEvents } from "../ports/runtime-events.ts";

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

/** What the metrics of a supervisor are made of. */
export interface Observed {
  readonly running: Running;
  readonly events: RuntimeEvents;
  readonly charon: StatisticsPort;
  readonly network: ErrorsPort;
}

/** The runtime's metrics. What a status shows is read when it is scraped, not before. */
export class Metrics implements Disposable {
  readonly registry = new Registry();
  readonly #subscriptions = new Subscription();
  #charon: CharonMetrics | undefined;
  #running: Running | undefined;
  /** As it was when the scrape began: several metrics are made of it. */
  #status: Status | undefined;
  readonly #shown = (): Status => this.#status ?? nothing;
  readonly #writers: (() => string)[] = [];
  readonly #calls = new Histogram({
    name: "ipman_adapter_call_seconds",
    help: "Duration of calls to charon, the kernel and the API server, by call and outcome.",
    labelNames: ["call", "outcome"],
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5],
    registers: [this.registry],
  });
  readonly #breakdowns = new Counter({
    name: "ipman_actor_breakdowns_total",
    help: "Exceptions that stopped an actor or a stream, which restarted; each one is a defect.",
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
      help: "Fraction of the time since the last scrape in which the event loop was busy, 0 to 1.",
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
      help: "1 if the state that outlives the process cannot be saved.",
      registers: [this.registry],
      collect() {
        this.set(stateWrites().problem === undefined ? 0 : 1);
      },
    });
    void new Counter({
      name: "ipman_state_write_failures_total",
      help: "Failed writes of the state that outlives the process; each one is retried.",
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
    this.#status = this.#running && statusOf(this.#running);
    const written = this.#writers.map((write) => write());
    const own = await this.registry.metrics();
    return [(await ofCharon) ?? "", ...written, own].join("");
  }

  /** Adds metrics that are of thousands of things, and are written anew at each scrape. */
  add(write: () => string): void {
    this.#writers.push(write);
  }

  [Symbol.dispose](): void {
    this.#subscriptions.unsubscribe();
    this.#charon?.[Symbol.dispose]();
  }

  /** Shows a supervisor's actors, its events, and the statistics that its charon answers. */
  observe({ running, events, charon, network }: Observed): void {
    this.#running = running;
    const declared = () => running.desired.connections.values();
    showXfrmErrors(this.registry, network);
    const ofActors = new ActorMetrics(this.registry, () => machinesBelow(running.rootActors));
    const ofProbes = new ProbeMetrics(this.registry, this.#shown);
    const ofCharon = new CharonMetrics({ charon, declared });
    this.#charon = ofCharon;
    this.add(() => statusText(this.#shown()));
    this.add(() => secretText(running));
    const count = <T>(source: Observable<T>, run: (event: T) => void) =>
      this.#subscriptions.add(source.subscribe(run));
    count(events.transitions, (transition) => ofActors.move(transition));
    count(events.queueWaits, (wait) => ofActors.wait(wait));
    count(events.probeResults, (result) => ofProbes.take(result));
    count(events.charonEvents, (event) => ofCharon.take(event));
    count(events.saEnds, (end) => ofCharon.takeEnd(end));
    count(events.adapterCalls, (call) => this.adapterCall(call));
    count(events.breakdowns, () => this.breakdown());
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

  adapterCall({ name, seconds, failed }: AdapterCall): void {
    this.#calls.observe({ call: name, outcome: failed ? "error" : "ok" }, seconds);
  }

  breakdown(): void {
    this.#breakdowns.inc();
  }
}
