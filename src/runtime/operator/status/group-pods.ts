import { Subject, type Observable } from "rxjs";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import { groupPodFailure, type GroupPod } from "../../../model/kubernetes/group-pod.ts";
import type { Failure } from "../../../model/status/failure.ts";
import { digestOf } from "../../../model/api/group.ts";

/** Why the pods of a group do not run; undefined for those that do. */
export interface GroupPodFailures {
  readonly charon: Failure | undefined;
  readonly agent: Failure | undefined;
}

/** Names the missing service account as the cause if the agent's pod does not run. */
export function withAccess(
  podFailures: GroupPodFailures,
  access: Failure | undefined,
): GroupPodFailures {
  return podFailures.agent === undefined || access === undefined
    ? podFailures
    : { ...podFailures, agent: access };
}

/** How long an agent may take to restart before it counts as silent, in milliseconds. */
const silenceMs = 30_000;

/** A period in which no agent of a group runs; each period is an object of its own. */
export interface Silence {
  /** Whether the agent has been away for longer than a restart takes. */
  readonly isLong: boolean;
}

/** The pods of charons and agents, by group. */
export class GroupPods implements Disposable {
  readonly #pods: ObjectStore<GroupPod>;
  readonly #changes = new Subject<void>();
  readonly #subscription;
  /** The silences of groups whose agent does not run, by the value of the group's label. */
  readonly #silences = new Map<string, Silence>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #byGroup: ReadonlyMap<string, readonly GroupPod[]> = new Map();

  constructor(pods: ObjectStore<GroupPod>) {
    this.#pods = pods;
    this.#subscription = pods.changes.subscribe(() => this.#update());
  }

  /** Emits after each change of a pod, and when an agent becomes silent. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  get synced(): boolean {
    return this.#pods.synced;
  }

  /** Why charon and agent of a group do not run. */
  failuresOf(groupId: string): GroupPodFailures {
    const pods = this.#byGroup.get(digestOf([groupId])) ?? [];
    return { charon: groupPodFailure("charon", pods), agent: groupPodFailure("agent", pods) };
  }

  /** The silence of a group's agent; undefined if it runs, or may be restarting. */
  silenceOf(groupId: string): Silence | undefined {
    const silence = this.#silences.get(digestOf([groupId]));
    return silence?.isLong === true ? silence : undefined;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#changes.complete();
  }

  #update(): void {
    this.#byGroup = Map.groupBy(this.#pods.objects.values(), ({ groupId }) => groupId);
    const known = new Set([...this.#byGroup.keys(), ...this.#silences.keys()]);
    for (const group of known) this.#noteSilence(group);
    this.#changes.next();
  }

  #noteSilence(group: string): void {
    const pods = this.#byGroup.get(group) ?? [];
    if (pods.some(({ type, ready }) => type === "agent" && ready)) this.#silences.delete(group);
    else if (!this.#silences.has(group)) {
      const silence = { isLong: false };
      this.#silences.set(group, silence);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        silence.isLong = true;
        this.#changes.next();
      }, silenceMs);
      this.#timers.add(timer);
    }
  }
}
