import type { LimitFunction } from "p-limit";
import { auditTime, merge } from "rxjs";
import type { EventRecorder } from "../../../adapters/kubernetes/events.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ServiceObject } from "../../../model/services/service-object.ts";
import { tunnelReasons } from "../../../model/services/service-reason.ts";
import {
  conditionOf,
  serviceStatus,
  shownStatus,
  type ServiceStatus,
} from "../../../model/services/service-status.ts";
import { StatusWriter } from "../../kubernetes/status-writer.ts";
import { rfc3339 } from "../../time/rfc3339.ts";
import type { Cluster } from "../state/cluster.ts";
import type { RemoteSlices } from "./remote-slices.ts";
import type { ServiceAddressAllocator } from "./service-address-allocator.ts";
import { problemOfTunnel } from "./tunnel-of-service.ts";
import type { ServiceViews } from "./service-views.ts";

export interface ServiceReporterOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly views: ServiceViews;
  readonly addresses: ServiceAddressAllocator;
  readonly slices: RemoteSlices;
  readonly events: EventRecorder;
  /** Limits concurrent writes. */
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
}

/** Collects changes that follow each other closely. */
const gatherMs = 100;

/** Only this part of the operator applies fields of Services' status. */
const fieldManager = "ipman-operator-services";

/** Reports in the status of Services their addresses, and why one has none. */
export class ServiceReporter implements Disposable {
  readonly #options: ServiceReporterOptions;
  readonly #writer: StatusWriter<ServiceStatus>;
  readonly #subscription;

  constructor(options: ServiceReporterOptions) {
    this.#options = options;
    const { views, addresses, writes, onTrouble } = options;
    const { objects } = views.services;
    this.#writer = new StatusWriter({
      actual: (id) => {
        const object = objects.get(id);
        return object && shownStatus(object);
      },
      wanted: (id) => this.#wanted(id),
      write: (id, status) => this.#write(id, status),
      writes,
      onTrouble,
    });
    this.#subscription = merge(addresses.changes, views.services.changes)
      .pipe(auditTime(gatherMs))
      .subscribe(() => this.#compare());
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#writer[Symbol.dispose]();
  }

  #compare(): void {
    const { cluster, views } = this.#options;
    if (!cluster.synced || !views.synced) return;
    for (const [id, object] of views.services.objects)
      if (views.requesting.has(id) || conditionOf(object) !== undefined) this.#writer.compare(id);
  }

  /** Undefined for a Service that is being deleted, and for one that is not decided. */
  #wanted(id: string): ServiceStatus | undefined {
    const { cluster, views, addresses, slices } = this.#options;
    const object = views.services.objects.get(id);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
    if (!views.requesting.has(id)) return serviceStatus(object, undefined, undefined, "");
    const found = addresses.found(id);
    if (found === undefined) return undefined;
    const tunnel = found.ok
      ? (slices.problemOf(found) ?? problemOfTunnel(cluster, found))
      : undefined;
    return serviceStatus(object, found, tunnel, rfc3339());
  }

  async #write(id: string, status: ServiceStatus): Promise<void> {
    const object = this.#options.views.services.objects.get(id);
    if (object === undefined) return;
    const { name, namespace, uid } = object.metadata;
    // The uid: another Service of this name must not get the status of the one that was deleted.
    const metadata = { name, ...(namespace && { namespace }), ...(uid && { uid }) };
    const applied = { apiVersion: "v1", kind: "Service", metadata, status };
    await this.#options.client.apply(resourceTypes.Service, applied, fieldManager, "status");
    this.#recordEvent(object, status);
  }

  /** Records an event when a Service gets its address, and for each problem that its author can solve. */
  #recordEvent(before: ServiceObject, { conditions: [condition] }: ServiceStatus): void {
    if (condition === undefined) return;
    const was = conditionOf(before);
    const [is, earlier] = [condition, was].map((one) => one && eventReason(one.reason));
    if (
      is === undefined ||
      (is === earlier && (was?.message === condition.message || is === assigned))
    )
      return;
    this.#options.events.record({
      regarding: before,
      type: is === assigned ? "Normal" : "Warning",
      reason: is,
      action: "Assigning",
      note: condition.message,
    });
  }
}

const assigned = "AddressAssigned";

/** A Service has its address also while the tunnel is down, which the connection's events report. */
function eventReason(reason: Parameters<typeof tunnelReasons.has>[0]): string {
  return reason === "Ready" || tunnelReasons.has(reason) ? assigned : reason;
}
