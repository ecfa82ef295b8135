import type { LimitFunction } from "p-limit";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import type { EventRecorder } from "../../../adapters/kubernetes/events.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { AvailabilityRule } from "../../../model/api/availability.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import type { ReservationStore } from "../addresses/reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";
import { RemoteSlices } from "./remote-slices.ts";
import { ServiceAddressAllocator } from "./service-address-allocator.ts";
import { ServiceReporter } from "./service-reporter.ts";
import { ServiceViews } from "./service-views.ts";

export interface TunnelServicesOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly store: ReservationStore;
  readonly clusterKey: ClusterKey;
  readonly rule: AvailabilityRule;
  readonly events: EventRecorder;
  /** Limits concurrent writes. */
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
  readonly onBreakdown: OnBreakdown;
}

/**
 * The leader's part in Services of tunnels: addresses for those that partners reach and those that lead
 * to partners, the EndpointSlices of the latter, and the status of both.
 */
export class TunnelServices implements Disposable {
  readonly #parts = new DisposableStack();

  constructor(options: TunnelServicesOptions) {
    const { client, onTrouble } = options;
    const views = this.#parts.use(new ServiceViews(client, onTrouble));
    const addresses = this.#parts.use(new ServiceAddressAllocator({ ...options, views }));
    const slices = this.#parts.use(new RemoteSlices({ ...options, views, addresses }));
    this.#parts.use(new ServiceReporter({ ...options, views, addresses, slices }));
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}
