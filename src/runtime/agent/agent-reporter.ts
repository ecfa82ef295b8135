import type { LimitFunction } from "p-limit";
import { auditTime, merge, type Subscription } from "rxjs";
import type { Declared } from "../../adapters/kubernetes/declared.ts";
import type { EventRecorder } from "../../adapters/kubernetes/events.ts";
import type { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../adapters/kubernetes/client/resource-type.ts";
import { declaredGroupOf, declaredGroups } from "../../model/kubernetes/declared-secret.ts";
import { apiVersion } from "../../model/api/schema/api-group.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import type { KernelNetwork } from "../kernel/kernel-network.ts";
import { Memo } from "../../model/value/memo.ts";
import { rfc3339 } from "../time/rfc3339.ts";
import type { ConnectionStatus } from "../../model/status/status.ts";
import { statusOf, type StatusSource } from "../status/status.ts";
import type { Running } from "../ports/running.ts";
import { pathEvent } from "../kubernetes/path-event.ts";
import { conditionEvents } from "../kubernetes/condition-event.ts";
import { agentPart, agentStatus, statedPath, type AgentStatus } from "./connection-status.ts";
import { Contests } from "./contests.ts";
import { PathReporter } from "./path-reporter.ts";
import { StatusWriter } from "../kubernetes/status-writer.ts";

export interface ReporterOptions {
  readonly client: KubeClient;
  /** The group of the agent. */
  readonly groupId: string;
  readonly declared: Declared;
  readonly running: StatusSource & Pick<Running, "changes">;
  readonly network: KernelNetwork;
  readonly events: EventRecorder;
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
}

/** A connection as the API server has it. */
type Reported = KubeObject & {
  readonly status?: Partial<AgentStatus>;
};

/** Milliseconds within which several changes lead to one write. */
const gatherMs = 100;

const fieldManager = "ipman-agent";

/** Writes the state of the actors into the status of their connections, and records events. */
export class AgentReporter implements Disposable {
  readonly #options: ReporterOptions;
  readonly #writer: StatusWriter<AgentStatus>;
  readonly #paths: PathReporter;
  readonly #contests = new Contests((id) => this.#writer.compare(id));
  readonly #subscription: Subscription;
  readonly #checked = new Memo<ConnectionStatus, void>();
  #shown: ReadonlyMap<string, ConnectionStatus> = new Map();

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { declared, running, writes, onTrouble } = options;
    this.#writer = new StatusWriter({
      actual: (id) => this.#actual(id),
      wanted: (id) => this.#wanted(id),
      write: (id, status) => this.#write(id, status),
      writes,
      onTrouble,
    });
    this.#paths = new PathReporter({
      ...options,
      statusInApi: (id) => {
        const object = this.#object(id);
        return object === undefined ? undefined : (object.status ?? {});
      },
      shown: (id) => this.#shown.get(id),
      isDivided: (id) => this.#isDivided(id),
    });
    this.#subscription = merge(running.changes, declared.connections.changes)
      .pipe(auditTime(gatherMs))
      .subscribe(() => {
        const { connections } = statusOf(running);
        const own = connections.filter(({ id }) => !this.#isLeft(id));
        this.#shown = new Map(own.map((shown) => [shown.id, shown]));
        for (const [id, shown] of this.#shown) this.#check(id, shown);
      });
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#writer[Symbol.dispose]();
    this.#paths[Symbol.dispose]();
    this.#contests[Symbol.dispose]();
  }

  /** Checks a status only if it or its object changed, since there may be thousands. */
  #check(id: string, shown: ConnectionStatus): void {
    this.#checked.of(shown, [this.#object(id)], () => {
      this.#writer.compare(id);
      this.#paths.compare(id);
    });
  }

  #object(id: string): Reported | undefined {
    return this.#options.declared.connections.objects.get(id);
  }

  #actual(id: string): unknown {
    const object = this.#object(id);
    if (object === undefined) return undefined;
    const { paths, ...others } = agentPart(object.status);
    return this.#isDivided(id) || paths === undefined ? others : { ...others, paths };
  }

  /** Undefined if another agent leads, and therefore writes. */
  #wanted(id: string): AgentStatus | undefined {
    const object = this.#object(id);
    const status = this.#shown.get(id);
    if (object === undefined || status === undefined) return undefined;
    if (status.leads === false) this.#contests.forget(id);
    if (!(status.leads ?? this.#hasActivePath(object))) return undefined;
    const { activePath } = object.status ?? {};
    // Without an actor, the active path is not known; workers and people still need the last one.
    const kept = status.leads === undefined && activePath !== undefined && this.#isDivided(id);
    const wanted = agentStatus(status, object.status ?? {}, {
      // The actor of an invalid manifest has an older version, but the new one was checked.
      generation:
        status.problems.length > 0 ? (object.metadata.generation ?? 0) : status.generation,
      now: rfc3339(),
      mtuOf: (key) => this.#options.network.appliedMtu(id, key),
    });
    if (kept) return { ...wanted, activePath };
    return activePath !== wanted.activePath && this.#contests.isWaiting(id) ? undefined : wanted;
  }

  /** Whether other groups have all paths of a connection, whose SAs this agent still ends. */
  #isLeft(id: string): boolean {
    const object = this.#object(id);
    const groups = object === undefined ? [] : this.#groupsOf(object);
    return groups.length > 0 && !groups.includes(this.#options.groupId);
  }

  /** Whether several groups have paths of a connection. */
  #isDivided(id: string): boolean {
    const object = this.#object(id);
    return object !== undefined && this.#groupsOf(object).length > 1;
  }

  /** Whether this agent has the path that is active by the API, or else the first one. */
  #hasActivePath(object: Reported): boolean {
    const groups = this.#groupsOf(object);
    const manifests = this.#options.declared.groups.objects;
    const active = declaredGroupOf(object, object.status?.activePath ?? "", manifests);
    const group = groups.find((id) => id === active) ?? groups[0];
    return groups.length < 2 || group === this.#options.groupId;
  }

  /** The groups that have paths of a connection. */
  #groupsOf(object: Reported): readonly string[] {
    return declaredGroups(object, this.#options.declared.groups.objects);
  }

  async #write(id: string, status: AgentStatus): Promise<void> {
    const before = this.#object(id);
    const object = { apiVersion, kind: "IPSecConnection", metadata: { name: id }, status };
    await this.#options.client.apply(resourceTypes.IPSecConnection, object, fieldManager, "status");
    this.#contests.noteWritten(id, status.activePath, before?.status?.activePath);
    if (before !== undefined) this.#recordEvents(before, agentPart(before.status), status);
  }

  /** Records an event for each change that matters to an administrator. */
  #recordEvents(regarding: KubeObject, before: Partial<AgentStatus>, after: AgentStatus): void {
    for (const event of conditionEvents(before.conditions ?? [], after.conditions))
      this.#options.events.record({ regarding, ...event });
    const paths = this.#shown.get(regarding.metadata.name)?.paths?.map(statedPath);
    const switched = pathEvent(before, { activePath: after.activePath, paths });
    if (switched !== undefined) this.#options.events.record({ regarding, ...switched });
  }
}
