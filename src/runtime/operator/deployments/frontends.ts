import type { LimitFunction } from "p-limit";
import { auditTime, merge, startWith, Subject, type Observable } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Group } from "../../../model/api/group.ts";
import type { DeploymentSettings } from "../../../model/kubernetes/deployments.ts";
import {
  frontendName,
  frontendService,
  type FrontendService,
} from "../../../model/frontend/frontend-service.ts";
import { objectKey, withoutManagedFields } from "../../../model/kubernetes/kube-object.ts";
import { label, manager } from "../../../model/kubernetes/labels.ts";
import type { Failure } from "../../../model/status/failure.ts";
import type { OnBreakdown } from "../../actors/contained.ts";
import type { Cluster } from "../state/cluster.ts";
import { groupLingerMs } from "./deployments.ts";
import { withoutProgress } from "./granted-secrets.ts";
import { ManagedObjects } from "./managed-objects.ts";

export interface FrontendsOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly settings: Pick<DeploymentSettings, "namespace" | "owner">;
  /** Limits concurrent writes. */
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
  readonly onBreakdown: OnBreakdown;
}

/** The Service of a group at the API server. */
export interface FrontendFacts {
  /** Whether the Services were read. */
  readonly isKnown: boolean;
  /** Undefined until it exists. */
  readonly service: FrontendService | undefined;
  /** Why it is not as wanted; undefined unless a write failed. */
  readonly failure: Failure | undefined;
}

/** Collects changes that follow each other closely. */
const gatherMs = 10;

/** Manages the Services in front of the charons of groups that declare one. */
export class Frontends implements Disposable {
  readonly #options: FrontendsOptions;
  readonly #services: ObjectStore<FrontendService>;
  readonly #managed: ManagedObjects;
  readonly #refusals = new Subject<void>();
  readonly #parts = new DisposableStack();

  constructor(options: FrontendsOptions) {
    this.#options = options;
    const { client, cluster, settings, onTrouble } = options;
    const type = resourceTypes.Service;
    const labelSelector = `${label.managedBy}=${manager},${label.type}=frontend`;
    const wanted = { type, namespace: settings.namespace, labelSelector };
    const watched = { onTrouble, trim: withoutManagedFields };
    this.#services = this.#parts.use(new ObjectStore<FrontendService>(client, wanted, watched));
    this.#managed = this.#parts.use(
      new ManagedObjects({
        ...options,
        type,
        view: this.#services,
        // Load balancers are controlled by other programs, which may change the Service.
        comparedBy: "digest",
        lingerMs: () => groupLingerMs,
        onTrouble: (error) => {
          onTrouble(error);
          this.#refusals.next();
        },
      }),
    );
    const changes = merge(cluster.changes, this.#services.changes)
      .pipe(startWith(undefined), auditTime(gatherMs))
      .subscribe(() => this.#reconcile());
    this.#parts.defer(() => changes.unsubscribe());
    this.#parts.defer(() => this.#refusals.complete());
  }

  /** Emits after each change of a Service, and when the API server refuses one. */
  get changes(): Observable<unknown> {
    return merge(withoutProgress(this.#services), this.#refusals);
  }

  /** The facts about the Service of a group. */
  factsOf(group: Group): FrontendFacts {
    const key = this.#keyOf(group);
    return {
      isKnown: this.#services.synced,
      service: this.#services.objects.get(key),
      failure: this.#managed.actors.get(key)?.getSnapshot().context.failure,
    };
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  #keyOf(group: Group): string {
    const { namespace } = this.#options.settings;
    return objectKey({ namespace, name: frontendName(group) });
  }

  #reconcile(): void {
    const { cluster, settings } = this.#options;
    if (!cluster.synced || !this.#services.synced) return;
    const services = [...cluster.groups.values()].flatMap(
      (group) => frontendService(group, settings) ?? [],
    );
    const wanted = new Map(services.map((service) => [objectKey(service.metadata), service]));
    this.#managed.keep({ wanted, whole: cluster.whole });
  }
}
