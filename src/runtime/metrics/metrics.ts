import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { filter, Subscription, type Observable } from "rxjs";
import { ActorMetrics } from "./actor-metrics.ts";
import { CharonMetrics, type StatisticsPort } from "./charon-metrics.ts";
import { machinesBelow } from "../actors/machines-below.ts";
import { showXfrmErrors, type ErrorsPort } from "./kernel/kernel-metrics.ts";
import { PathMetrics } from "./path-metrics.ts";
import { ProbeMetrics } from "./probe-metrics.ts";
import { readinessText, unreadableText } from "./readiness-series.ts";
import { secretText } from "./secret-series.ts";
import type { StateWrites } from "../host/state-writer.ts";
import { showTrackedConnections, type TrackingPort } from "./kernel/tracking-metrics.ts";
import { trafficText, type CountingPort } from "./traffic-series.ts";
import { SwitchGapMetrics } from "./switch-gap-metrics.ts";
import { statusText } from "./status-series.ts";
import { allPathConnections, isHere } from "../../model/api/path.ts";
import type { Status } from "../../model/status/status.ts";
import { statusOf } from "../status/status.ts";
import type { Running } from "../ports/running.ts";
import type { AdapterCall, PathSwitch, RuntimeEvents } from "../ports/runtime-events.ts";

/** Milliseconds between samples of the event loop's delay: each would wake an idle process. */
const never = 2 ** 31 - 1;

/** The metrics of those samples, which are removed. */
const sampled = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
  (what) => `nodejs_eventloop_lag_${what}_seconds`,
);

const emptyStatus: Status = {
  charon: { state: "", failure: undefined },
  connections: [],
  problems: [],
};

/** The sources of a supervisor's metrics. */
export interface Observed {
  readonly running: Running;
  readonly events: RuntimeEvents;
  readonly charon: StatisticsPort;
  readonly network: ErrorsPort & TrackingPort & CountingPort;
}

/** The runtime's metrics. Metrics of the status are computed at each scrape. */
export class Metrics implements Disposable {
  readonly registry = new Registry();
  readonly #subscriptions = new Subscription();
  #charon: CharonMetrics | undefined;
  #running: Running | undefined;
  /** The status at the beginning of the scrape, from which several metrics are computed. */
  #status: Status | undefined;
  readonly #statusNow = (): Status => this.#status ?? emptyStatus;
  readonly #writers: (() => string)[] = [];
  #network: CountingPort | undefined;
  readonly #ended = new AbortController();
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

  /** Without a failure until {@link showStateWrites} is called. */
  #stateWrites: StateWrites = { problem: undefined, failures: 0 };

  constructor() {
    let before = performance.eventLoopUtilization();
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: never });
    for (const name of sampled) this.registry.removeSingleMetric(name);
    void new Gauge({
      name: "ipman_event_loop_utilization",
      help: "Fraction of the time since the last scrape in which the event loop was busy, 0 to 1.",
      registers: [this.registry],
      collect() {
        const now = performance.eventLoopUtilization();
        this.set(performance.eventLoopUtilization(now, before).utilization);
        before = now;
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

  /** The text of all metrics as of now. */
  async text(): Promise<string> {
    // The other metrics are written while charon prepares its answer.
    const ofCharon = this.#charon?.text();
    this.#status = this.#running && statusOf(this.#running);
    const written = this.#writers.map((write) => write());
    const own = await this.registry.metrics();
    const ofTraffic = this.#network && (await trafficText(this.#network, this.#ended.signal));
    return [(await ofCharon) ?? "", ...written, ofTraffic ?? "", own].join("");
  }

  /** Adds metrics with thousands of series, which are written again at each scrape. */
  add(write: () => string): void {
    this.#writers.push(write);
  }

  [Symbol.dispose](): void {
    this.#subscriptions.unsubscribe();
    this.#ended.abort();
    this.#charon?.[Symbol.dispose]();
  }

  /** Adds the metrics of a supervisor's actors, of its events, and of its charon's statistics. */
  observe({ running, events, charon, network }: Observed): void {
    this.#running = running;
    this.#network = network;
    const declared = () => allPathConnections(running.desired.connections.values());
    showXfrmErrors(this.registry, network);
    showTrackedConnections(this.registry, network);
    const ofActors = new ActorMetrics(this.registry, () => machinesBelow(running.rootActors));
    const ofPaths = new PathMetrics(this.registry, this.#statusNow);
    const ofProbes = new ProbeMetrics(this.registry, this.#statusNow);
    const ofGaps = new SwitchGapMetrics({ registry: this.registry, status: this.#statusNow });
    const ofCharon = new CharonMetrics({ charon, declared });
    this.#charon = ofCharon;
    this.add(() => statusText(this.#statusNow()));
    this.add(() => secretText(running));
    const count = <T>(source: Observable<T>, run: (event: T) => void) =>
      this.#subscriptions.add(source.subscribe(run));
    count(events.transitions, (transition) => ofActors.move(transition));
    count(events.queueWaits, (wait) => ofActors.wait(wait));
    // If several agents have paths of a connection, the one that takes over counts.
    const hasPath = (connection: string, path: string) =>
      isHere(running.desired.connections.get(connection) ?? {}, path);
    const isTaken = ({ connection, to }: PathSwitch) => hasPath(connection, to);
    count(events.pathSwitches.pipe(filter(isTaken)), (switched) => {
      ofPaths.take(switched);
      ofGaps.take(switched, hasPath(switched.connection, switched.from));
    });
    count(events.probeResults, (result) => {
      ofProbes.take(result);
      ofGaps.answer(result);
    });
    count(events.charonEvents, (event) => ofCharon.take(event));
    count(events.saEnds, (end) => ofCharon.takeEnd(end));
    count(events.adapterCalls, (call) => this.adapterCall(call));
    count(events.breakdowns, () => this.breakdown());
  }

  /**
   * Adds the metrics of manifests. On a host only the agent has them; in a cluster the operator
   * does.
   */
  showManifests(): void {
    this.add(() => readinessText(this.#statusNow().connections));
    this.add(() => unreadableText(this.#statusNow().problems));
  }

  /** Sets the source of the metrics about writes of the state that outlives the process. */
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
