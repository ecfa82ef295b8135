import type { LimitFunction } from "p-limit";
import { auditTime, merge, type Subscription } from "rxjs";
import type { Declared } from "../../adapters/kubernetes/declared.ts";
import type { EventRecorder } from "../../adapters/kubernetes/events.ts";
import type { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../adapters/kubernetes/client/resource-type.ts";
import { apiVersion } from "../../model/api/schema/api-group.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import type { KernelNetwork } from "../kernel/kernel-network.ts";
import { Remembered } from "../status/remembered.ts";
import { rfc3339 } from "../time/rfc3339.ts";
import type { ConnectionStatus } from "../../model/status/status.ts";
import { statusOf } from "../status/status.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { conditionEvents } from "../kubernetes/condition-event.ts";
import { agentPart, agentStatus, type AgentStatus } from "./connection-status.ts";
import { StatusWriter } from "../kubernetes/status-writer.ts";

export interface ReporterOptions {
  readonly client: KubeClient;
  readonly declared: Declared;
  readonly supervisor: Supervisor;
  readonly network: KernelNetwork;
  readonly events: EventRecorder;
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
}

/** Changes that come close together are one write. */
const gatherMs = 100;

const fieldManager = "ipman-agent";

/** Writes what the actors know into the status of their connections, and tells what changed. */
export class AgentReporter implements Disposable {
  readonly #options: ReporterOptions;
  readonly #writer: StatusWriter<AgentStatus>;
  readonly #subscription: Subscription;
  readonly #looked = new Remembered<ConnectionStatus, void>();
  #shown: ReadonlyMap<string, ConnectionStatus> = new Map();

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { declared, supervisor, writes, onTrouble } = options;
    this.#writer = new StatusWriter({
      actual: (id) => this.#actual(id),
      wanted: (id) => this.#wanted(id),
      write: (id, status) => this.#write(id, status),
      writes,
      onTrouble,
    });
    this.#subscription = merge(supervisor.changes, declared.connections.changes)
      .pipe(auditTime(gatherMs))
      .subscribe(() => {
        this.#shown = new Map(statusOf(supervisor).connections.map((shown) => [shown.id, shown]));
        for (const [id, shown] of this.#shown) this.#look(id, shown);
      });
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#writer[Symbol.dispose]();
  }

  /** Only where something changed, here or there: there may be many. */
  #look(id: string, shown: ConnectionStatus): void {
    this.#looked.of(shown, [this.#object(id)], () => this.#writer.look(id));
  }

  #object(id: string): (KubeObject & { readonly status?: Partial<AgentStatus> }) | undefined {
    return this.#options.declared.connections.objects.get(id);
  }

  #actual(id: string): unknown {
    const object = this.#object(id);
    return object === undefined ? undefined : agentPart(object.status);
  }

  #wanted(id: string): AgentStatus | undefined {
    const object = this.#object(id);
    const status = this.#shown.get(id);
    if (object === undefined || status === undefined) return undefined;
    return agentStatus(status, object.status ?? {}, {
      // Of a document with problems the actor has an older version, but it was looked at.
      generation:
        status.problems.length > 0 ? (object.metadata.generation ?? 0) : status.generation,
      now: rfc3339(),
      mtuOf: (key) => this.#options.network.appliedMtu(id, key),
    });
  }

  async #write(id: string, status: AgentStatus): Promise<void> {
    const before = this.#object(id);
    const object = { apiVersion, kind: "IPSecConnection", metadata: { name: id }, status };
    await this.#options.client.apply(resourceTypes.IPSecConnection, object, fieldManager, "status");
    if (before !== undefined) this.#tell(before, agentPart(before.status), status);
  }

  /** An event for each change that a person cares for. */
  #tell(regarding: KubeObject, before: Partial<AgentStatus>, after: AgentStatus): void {
    for (const event of conditionEvents(before.conditions ?? [], after.conditions))
      this.#options.events.record({ regarding, ...event });
  }
}
