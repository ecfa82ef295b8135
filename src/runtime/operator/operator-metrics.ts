import { Gauge, Histogram, type Registry } from "prom-client";
import type {
  AdmissionHandler,
  Verdict,
} from "../../adapters/kubernetes/admission/admission-review.ts";
import { endOf } from "../../adapters/kubernetes/admission/certificates.ts";
import { poolSize, type Allocation } from "../../model/addresses/allocation.ts";
import type { Child } from "../../model/api/connection.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { readinessText, type Readiness } from "../metrics/readiness-series.ts";
import type { Cluster } from "./state/cluster.ts";

/** What an operator tells of itself: its pools, its webhooks, and whether it leads. */
export class OperatorMetrics {
  readonly #leading: Gauge;
  readonly #certificate: Gauge;
  readonly #admission: Histogram<"webhook" | "outcome">;

  constructor(metrics: Metrics, cluster: Cluster) {
    const { registry } = metrics;
    const registers = [registry];
    this.#leading = new Gauge({
      name: "ipman_leading",
      help: "1 where this replica leads.",
      registers,
    });
    this.#certificate = new Gauge({
      name: "ipman_webhook_certificate_expiry_timestamp_seconds",
      help: "When the webhooks' certificate ends, in seconds since the epoch.",
      registers,
    });
    this.#admission = new Histogram({
      name: "ipman_admission_seconds",
      help: "Time that the webhooks took to answer, by webhook and outcome.",
      labelNames: ["webhook", "outcome"],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    showPools(registry, cluster);
    metrics.add(() => readinessText(toldIn(cluster)));
  }

  leads(): void {
    this.#leading.set(1);
  }

  /** @param certificate as PEM */
  shows(certificate: string): void {
    this.#certificate.set(endOf(certificate) / 1_000);
  }

  /** A handler whose answers are timed and counted. */
  timed(webhook: string, handler: AdmissionHandler): AdmissionHandler {
    // The first of a kind counts only where there was none before.
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

/** Looked at when somebody scrapes, not before. */
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
  gauge("ipman_pool_addresses", "Addresses of a pool.", ({ child, labels }) =>
    Number(poolSize(child, labels.pool)),
  );
  gauge(
    "ipman_pool_addresses_free",
    "Addresses of a pool that neither a pod has nor one is about to have.",
    ({ child, allocation, labels }) => allocation.countFree(child, labels.pool),
  );
}

/** Every connection that there is; of one without a status nobody told yet. */
function* toldIn(cluster: Cluster): Generator<Readiness> {
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
