import { Gauge, Histogram, type Registry } from "prom-client";
import type {
  AdmissionHandler,
  Verdict,
} from "../../adapters/kubernetes/admission/admission-review.ts";
import { endOf } from "../../adapters/kubernetes/admission/certificates.ts";
import type { Allocation } from "../../model/addresses/allocation.ts";
import { poolSize } from "../../model/addresses/pool.ts";
import type { Child } from "../../model/api/connection.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { readinessText, type Readiness } from "../metrics/readiness-series.ts";
import { serviceText, type ServiceState } from "../metrics/service-series.ts";
import type { Cluster } from "./state/cluster.ts";

/** An operator's own metrics: its pools, Services and webhooks, and whether it leads. */
export class OperatorMetrics {
  readonly #leading: Gauge;
  readonly #certificate: Gauge;
  readonly #admission: Histogram<"webhook" | "outcome">;
  /** Only the leader knows the Services. */
  #services: () => readonly ServiceState[] = () => [];

  constructor(metrics: Metrics, cluster: Cluster) {
    const { registry } = metrics;
    const registers = [registry];
    this.#leading = new Gauge({
      name: "ipman_leading",
      help: "1 if this replica is the leader.",
      registers,
    });
    this.#certificate = new Gauge({
      name: "ipman_webhook_certificate_expiry_timestamp_seconds",
      help: "Time when the certificate of the webhooks expires, in seconds since the epoch.",
      registers,
    });
    this.#admission = new Histogram({
      name: "ipman_admission_seconds",
      help: "Duration of webhook requests, by webhook and outcome.",
      labelNames: ["webhook", "outcome"],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    showPools(registry, cluster);
    metrics.add(() => readinessText(readinessIn(cluster)));
    metrics.add(() => serviceText(this.#services()));
  }

  /** Reports that this replica leads. */
  leads(): void {
    this.#leading.set(1);
  }

  /** Sets the source of the metrics of Services. */
  showServices(states: () => readonly ServiceState[]): void {
    this.#services = states;
  }

  /** Reports the expiry of the webhooks' certificate. @param certificate as PEM */
  shows(certificate: string): void {
    this.#certificate.set(endOf(certificate) / 1_000);
  }

  /** Wraps a handler: its answers are timed and counted. */
  timed(webhook: string, handler: AdmissionHandler): AdmissionHandler {
    // A series that begins with its first answer would hide that answer from rate().
    for (const outcome of outcomes) this.#admission.zero({ webhook, outcome });
    return async (request, deadline) => {
      const stop = this.#admission.startTimer({ webhook });
      try {
        const verdict = await handler(request, deadline);
        stop({ outcome: outcomeOf(verdict) });
        return verdict;
      } catch (error) {
        stop({ outcome: "error" });
        throw error;
      }
    };
  }
}

const outcomes = ["allowed", "denied", "error"] as const;

function outcomeOf(verdict: Verdict): (typeof outcomes)[number] {
  if (verdict.allowed) return "allowed";
  return verdict.code < 500 ? "denied" : "error";
}

/** Computed at each scrape. */
function showPools(registry: Registry, cluster: Cluster): void {
  const gauge = (name: string, help: string, value: (pool: PoolOfConnection) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["connection", "child", "pool"],
      registers: [registry],
      collect() {
        this.reset();
        for (const pool of poolsIn(cluster)) this.set(pool.labels, value(pool));
      },
    });
  gauge("ipman_pool_addresses", "Number of addresses in a pool.", ({ child, labels }) =>
    Number(poolSize(child, labels.pool)),
  );
  gauge(
    "ipman_pool_addresses_free",
    "Number of addresses in a pool that are neither used nor reserved.",
    ({ child, allocation, labels }) => allocation.countFree(child, labels.pool),
  );
}

/** Every connection; one without a status has no conditions yet. */
function* readinessIn(cluster: Cluster): Generator<Readiness> {
  for (const id of cluster.ids) {
    yield { id, conditions: cluster.object(id)?.status?.conditions ?? [] };
  }
}

interface PoolOfConnection {
  readonly labels: { readonly connection: string; readonly child: string; readonly pool: string };
  readonly child: Child;
  readonly allocation: Allocation;
}

function* poolsIn(cluster: Cluster): Generator<PoolOfConnection> {
  for (const connection of cluster.desired.connections.values()) {
    const allocation = cluster.allocation(connection.id);
    for (const child of connection.children) {
      for (const pool of child.pools.keys()) {
        yield { labels: { connection: connection.id, child: child.key, pool }, child, allocation };
      }
    }
  }
}
