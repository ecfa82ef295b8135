import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import {
  refusalReasons,
  type RefusalReason,
} from "../../../adapters/kubernetes/admission/admission-server.ts";

/** The least time between two log lines: strangers may cause any number of refusals. */
const logMs = 60_000;

const messages: Readonly<Record<RefusalReason, string>> = {
  path: "refused requests to the webhooks by a path that the API server was not given",
  certificate: "refused connections to the webhooks without a known client certificate",
  body: "refused requests to the webhooks whose body is too large",
  malformed: "refused requests to the webhooks that are not AdmissionReviews",
  busy: "refused requests to the webhooks, because too many requests are being handled",
};

/** Counts the requests that the webhooks refused, and logs at most one line a minute. */
export class RefusedRequests {
  readonly #log: Logger;
  readonly #counter: Counter<"reason">;
  readonly #now: () => number;
  /** Refusals since the last log line. */
  #count = 0;
  #loggedAt = -Infinity;

  /** @param now monotonic, in milliseconds */
  constructor(registry: Registry, log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
    this.#counter = new Counter({
      name: "ipman_webhook_refused_requests_total",
      help: "Requests that the webhooks refused before reading an object, by reason.",
      labelNames: ["reason"],
      registers: [registry],
    });
    for (const reason of refusalReasons) this.#counter.inc({ reason }, 0);
  }

  /** @param from the sender's address */
  note(reason: RefusalReason, from: string): void {
    this.#counter.inc({ reason });
    this.#count++;
    if (this.#now() - this.#loggedAt < logMs) return;
    this.#log.warn({ reason, from, count: this.#count }, messages[reason]);
    this.#count = 0;
    this.#loggedAt = this.#now();
  }
}
