import type { LimitFunction } from "p-limit";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import type { EventRecorder } from "../../../adapters/kubernetes/events.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import type { AvailabilityRule } from "../../../model/api/availability.ts";
import { findChild } from "../../../model/api/connection.ts";
import { conditionOf } from "../../../model/services/service-status.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import type { ServiceState } from "../../metrics/service-series.ts";
import type { ReservationStore } from "../addresses/reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";
import { RemoteSlices } from "./remote-slices.ts";
import { ServiceAddressAllocator } from "./service-address-allocator.ts";
import { ServiceReporter } from "./service-reporter.ts";
import { ServiceViews } from "./service-views.ts";
import { gatewayOf } from "./tunnel-of-service.ts";

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
  /** Shows the states of Services in metrics. */
  readonly own: { readonly showServices: (states: () => readonly ServiceState[]) => void };
}

/**
 * The leader's part in Services of tunnels: addresses for those that partners reach and those that lead
 * to partners, the EndpointSlices of the latter, and the status of both.
 */
export class TunnelServices implements Disposable {
  readonly #parts = new DisposableStack();

  constructor(options: TunnelServicesOptions) {
    const { client, cluster, onTrouble, own } = options;
    const views = this.#parts.use(new ServiceViews(client, onTrouble));
    const addresses = this.#parts.use(new ServiceAddressAllocator({ ...options, views }));
    const slices = this.#parts.use(new RemoteSlices({ ...options, views, addresses }));
    this.#parts.use(new ServiceReporter({ ...options, views, addresses, slices }));
    own.showServices(() => statesOf(cluster, views, addresses));
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

/** The states of the Services that request something; none before all were read. */
function statesOf(
  cluster: Cluster,
  views: ServiceViews,
  addresses: ServiceAddressAllocator,
): ServiceState[] {
  if (!cluster.synced || !views.synced) return [];
  return [...views.requesting].map(([service, { object, result }]) => {
    const isReady = conditionOf(object)?.status === "True";
    if (!result.ok) return { service, isReady };
    const { connection, child: named } = result.value;
    const found = addresses.found(service);
    // The label stays while the Service gets an address, although annotations may have the child's name.
    const declared = cluster.desired.connections.get(connection);
    const child = (declared && findChild(declared, named)?.key) ?? named;
    if (found?.ok !== true) return { service, connection, child, isReady };
    const hasGateway = gatewayOf(cluster, found) !== undefined;
    return { service, connection, child, isReady, hasGateway };
  });
}
