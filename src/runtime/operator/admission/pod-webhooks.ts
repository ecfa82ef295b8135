import type { AdmissionHandler } from "../../../adapters/kubernetes/admission/admission-review.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import { systemClock } from "../../time/clock.ts";
import { Allocator } from "../addresses/allocator.ts";
import type { OperatorMetrics } from "../operator-metrics.ts";
import { DefaultsAdmission } from "./admit-defaults.ts";
import { PodAdmission, type PodAdmissionOptions } from "./admit-pod.ts";

export interface PodWebhooksOptions extends Omit<PodAdmissionOptions, "allocator"> {
  readonly client: KubeClient;
  readonly own: Pick<OperatorMetrics, "timed">;
  /** How long a reservation may lack a pod, in seconds. */
  readonly ttlSeconds: number;
  /** Whether the annotations of labelled Namespaces apply to their pods. */
  readonly namespaceDefaults: boolean;
  readonly onTrouble: (error: unknown) => void;
  readonly onBreakdown: OnBreakdown;
}

/** The webhooks that make pods workers. */
export class PodWebhooks implements Disposable {
  readonly #resources = new DisposableStack();
  /** By the endpoint that the API server calls. */
  readonly handlers: readonly (readonly [string, AdmissionHandler])[];

  constructor(options: PodWebhooksOptions) {
    const { client, cluster, store, onTrouble, onBreakdown, own } = options;
    const allocator = this.#resources.use(
      new Allocator({
        cluster,
        store,
        clock: systemClock,
        // Given then, it is still reserved for longer than any request takes.
        prefetchMs: (options.ttlSeconds * 1_000) / 8,
        start: Math.random(),
        onBreakdown,
      }),
    );
    const pods = new PodAdmission({ ...options, allocator });
    const timed = (endpoint: string, handler: AdmissionHandler) =>
      [endpoint, own.timed(endpoint, handler)] as const;
    const annotated = timed("pods", (request, deadline) => pods.admit(request, deadline));
    if (options.namespaceDefaults) {
      const defaults = this.#resources.use(new DefaultsAdmission({ client, pods, onTrouble }));
      const labelled = timed("defaults", (request, deadline) => defaults.admit(request, deadline));
      this.handlers = [annotated, labelled];
    } else this.handlers = [annotated];
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}
