import { Subscription, type Observable } from "rxjs";
import type { Logger } from "pino";
import type { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import type { EventRecorder } from "../../adapters/kubernetes/events.ts";
import { allEndpointSlices, allServices } from "../../adapters/kubernetes/live-services.ts";
import { trimmedSlice } from "../../model/services/endpoint-slice.ts";
import { trimmedService } from "../../model/services/service-object.ts";
import { PodPlacement, type PodPlacementOptions } from "./pod-placement.ts";
import { RefusedObjects } from "./refused-objects.ts";
import { RefusedPods } from "./refused-pods.ts";
import { ServicePlacement } from "./service-placement.ts";

export interface AgentPlacementOptions extends Omit<PodPlacementOptions, "refused" | "services"> {
  readonly client: KubeClient;
  readonly groupId: string;
  /** Whether gateways forward the ports of Services. */
  readonly services: boolean;
  readonly events: EventRecorder;
  readonly log: Logger;
}

/** The gateways, workers and Services of a cluster, with the reports of those that are refused. */
export class AgentPlacement implements Disposable {
  readonly placement: PodPlacement;
  readonly #options: AgentPlacementOptions;
  readonly #refused: (RefusedPods | RefusedObjects)[] = [];
  readonly #resources = new DisposableStack();

  constructor(options: AgentPlacementOptions) {
    this.#options = options;
    const { events, log } = options;
    const onRefusal = (pod: string, why: string) => log.warn({ pod, why }, "pod not attached");
    const refused = new RefusedPods({ events, onRefusal });
    this.#refused.push(refused);
    const services = options.services ? this.#services() : undefined;
    this.placement = this.#resources.use(
      new PodPlacement({ ...options, refused, services: services?.children }),
    );
    services?.respect(this.placement.workers);
  }

  /** Leaves the reports about connections to other agents, as {@link RefusedObjects.leaveTo} does. */
  leaveTo(reports: (connection: string) => boolean, changes: Observable<unknown>): Subscription {
    const subscriptions = new Subscription();
    for (const refused of this.#refused) subscriptions.add(refused.leaveTo(reports, changes));
    return subscriptions;
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }

  #services(): ServicePlacement {
    const { client, events, log, onTrouble, desired, segmentKey, groupId } = this.#options;
    const event = { reason: "NotForwarded", action: "Forwarding", note: "not forwarded" };
    const onRefusal = (service: string, why: string) =>
      log.warn({ service, why }, "Service not forwarded");
    const refused = new RefusedObjects({ events, onRefusal, event });
    this.#refused.push(refused);
    const services = this.#resources.use(
      new ObjectStore(client, allServices, { onTrouble, trim: trimmedService }),
    );
    const watchSlices = () =>
      new ObjectStore(client, allEndpointSlices, { onTrouble, trim: trimmedSlice });
    const sources = { services, watchSlices, desired };
    return this.#resources.use(new ServicePlacement({ ...sources, segmentKey, groupId, refused }));
  }
}
