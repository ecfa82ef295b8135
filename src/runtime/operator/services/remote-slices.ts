import { auditTime, merge } from "rxjs";
import type { LimitFunction } from "p-limit";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { childRefKey } from "../../../model/api/child-ref.ts";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { gatewayPorts, servicePortKey } from "../../../model/services/gateway-ports.ts";
import { formatAddress } from "../../../model/net/address.ts";
import type { SegmentKey } from "../../../model/network/segment-key.ts";
import { isProvenSlice, knownSlice, remoteSlice } from "../../../model/services/remote-slice.ts";
import { serviceProblem, type ServiceProblem } from "../../../model/services/service-reason.ts";
import type { RemoteRequest, ServiceRequest } from "../../../model/services/service-request.ts";
import type { AssignedService } from "../../../model/services/service-status.ts";
import { Memo } from "../../../model/value/memo.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import { ManagedObjects } from "../deployments/managed-objects.ts";
import type { Cluster } from "../state/cluster.ts";
import type { ServiceAddressAllocator } from "./service-address-allocator.ts";
import { gatewayOf, problemOfTunnel } from "./tunnel-of-service.ts";
import type { ServiceViews } from "./service-views.ts";

export interface RemoteSlicesOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly clusterKey: ClusterKey;
  readonly views: ServiceViews;
  readonly addresses: ServiceAddressAllocator;
  /** Limits concurrent writes. */
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
  readonly onBreakdown: OnBreakdown;
}

/** Collects changes that follow each other closely. */
const gatherMs = 10;

const proofs = new Memo<KubeObject, boolean>();

function isProven(slice: KubeObject, key: SegmentKey): boolean {
  return proofs.of(slice, [key], () => isProvenSlice(slice, key));
}

/** Memo of {@link remoteSlice}, whose proof takes time. */
const memo = new Memo<ServiceRequest, KubeObject>();

type Ports = ReadonlyMap<string, number>;

function tunnelOf(cluster: Cluster, found: AssignedService) {
  const isReady = problemOfTunnel(cluster, found) === undefined;
  return { gateway: gatewayOf(cluster, found), isReady };
}

/** Manages the EndpointSlices of Services that lead to hosts of partners. */
export class RemoteSlices implements Disposable {
  readonly #options: RemoteSlicesOptions;
  readonly #managed: ManagedObjects;
  readonly #parts = new DisposableStack();
  /** The ports of gateways by the keys of Services' ports, and by child. */
  #ports: ReadonlyMap<string, Ports> = new Map();

  constructor(options: RemoteSlicesOptions) {
    this.#options = options;
    const { views, addresses, clusterKey } = options;
    const type = resourceTypes.EndpointSlice;
    this.#managed = this.#parts.use(new ManagedObjects({ ...options, type, view: views.slices }));
    const changes = merge(addresses.changes, clusterKey.changes)
      .pipe(auditTime(gatherMs))
      .subscribe(() => this.#reconcile());
    this.#parts.defer(() => changes.unsubscribe());
  }

  /** Why a port of a Service leads nowhere; undefined if each has a port of the gateway. */
  problemOf({ request, child }: AssignedService): ServiceProblem | undefined {
    if (request.kind !== "remote") return undefined;
    const ports = this.#ports.get(
      childRefKey({ connection: request.connection, child: child.key }),
    );
    const isMissing = (port: RemoteRequest["ports"][number]) =>
      ports?.has(servicePortKey(request.service, port)) === false;
    if (!request.ports.some(isMissing)) return undefined;
    const message = `all ports of the gateway of ${request.connection}/${child.key} are used by other Services: use a child of its own`;
    return serviceProblem("GatewayPortsExhausted", message);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  #reconcile(): void {
    const { cluster, views, addresses: given, clusterKey } = this.#options;
    const key = clusterKey.current;
    if (!cluster.synced || !views.synced || key === undefined) return;
    this.#ports = this.#assigned(key);
    const wanted = new Map<string, KubeObject>();
    const noPorts: Ports = new Map();
    const tunnels = new Map<AssignedService["child"], ReturnType<typeof tunnelOf>>();
    const undecided = new Set<string>();
    for (const [service, { object }] of views.requesting) {
      const found = given.found(service);
      if (found === undefined) undecided.add(service);
      if (found?.ok !== true || found.request.kind !== "remote") continue;
      const { request, child, address: source } = found;
      const { uid = "" } = object.metadata;
      const childKey = childRefKey({ connection: request.connection, child: child.key });
      const ports = this.#ports.get(childKey) ?? noPorts;
      const tunnel = tunnels.get(child) ?? tunnelOf(cluster, found);
      tunnels.set(child, tunnel);
      const { gateway, isReady } = tunnel;
      const addresses = [source, gateway].map((address) => address && formatAddress(address));
      const numbers = request.ports.map((port) => ports.get(servicePortKey(service, port)));
      const basis = [uid, child, key, isReady, ...addresses, ...numbers];
      const slice = memo.of(request, basis, () =>
        remoteSlice({ request, uid, child, source, gateway, isReady, ports }, key),
      );
      wanted.set(objectKey(slice.metadata), slice);
    }
    const held = [...views.slices.objects].flatMap(([name, slice]) =>
      undecided.has(knownSlice(slice).service) ? [name] : [],
    );
    this.#managed.keep({ wanted, held: new Set(held), whole: true });
  }

  /** The ports of each child's gateway: those that were assigned here or were read back are kept. */
  #assigned(segmentKey: SegmentKey): ReadonlyMap<string, Ports> {
    const { views, addresses } = this.#options;
    const requests = [...views.requesting].flatMap(([service, { result }]) => {
      if (!result.ok || result.value.kind !== "remote") return [];
      // Without an address, it needs no port.
      if (addresses.found(service)?.ok === false) return [];
      const request = result.value;
      const target = addresses.targetOf(request);
      if (target === undefined) return [];
      const { connection, child } = target;
      return [{ request, key: childRefKey({ connection: connection.id, child: child.key }) }];
    });
    // The author of another slice could take the port of a Service.
    const proven = views.slices.objects.values().filter((slice) => isProven(slice, segmentKey));
    const known = Map.groupBy(proven.map(knownSlice), (slice) => childRefKey(slice));
    const assigned = new Map<string, Ports>();
    for (const [key, ofChild] of Map.groupBy(requests, (one) => one.key)) {
      const stored = (known.get(key) ?? []).flatMap(({ ports }) => [...ports]);
      const kept = new Map([...stored, ...(this.#ports.get(key) ?? [])]);
      const ordered = ofChild
        .map(({ request }) => request)
        .toSorted((a, b) => (a.service < b.service ? -1 : 1));
      assigned.set(key, gatewayPorts(ordered, kept));
    }
    return assigned;
  }
}
