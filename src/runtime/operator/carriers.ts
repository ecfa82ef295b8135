import { Subject, type Observable } from "rxjs";
import type { View } from "../../adapters/kubernetes/view.ts";
import { carrierFailure, type CarrierPod } from "../../model/carrier-pod.ts";
import type { Failure } from "../../model/failure.ts";
import { digestOf } from "../../model/group.ts";

/** How the pods of a group are. */
export interface Carrier {
  readonly charon: Failure | undefined;
  readonly agent: Failure | undefined;
}

/** Where the agent's pod does not run since it has no service account: why that is so. */
export function withAccess(carrier: Carrier, access: Failure | undefined): Carrier {
  return carrier.agent === undefined || access === undefined
    ? carrier
    : { ...carrier, agent: access };
}

/** An agent that is started anew is not missed for so many milliseconds. */
const silenceMs = 30_000;

/** The pods that carry connections: charons and their agents, by group. */
export class Carriers implements Disposable {
  readonly #pods: View<CarrierPod>;
  readonly #changes = new Subject<void>();
  readonly #subscription;
  /** Groups without an agent that runs, since when; by the label's value. */
  readonly #without = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #byGroup: ReadonlyMap<string, readonly CarrierPod[]> = new Map();

  constructor(pods: View<CarrierPod>) {
    this.#pods = pods;
    this.#subscription = pods.changes.subscribe(() => this.#take());
  }

  /** Emits after each change of a pod, and when an agent has been away for long. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  get synced(): boolean {
    return this.#pods.synced;
  }

  of(groupId: string): Carrier {
    const pods = this.#byGroup.get(digestOf([groupId])) ?? [];
    return { charon: carrierFailure("charon", pods), agent: carrierFailure("agent", pods) };
  }

  /** Since when nobody has spoken for a group; undefined where somebody may soon. */
  silentSince(groupId: string): number | undefined {
    const since = this.#without.get(digestOf([groupId]));
    return since !== undefined && Date.now() - since >= silenceMs ? since : undefined;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#changes.complete();
  }

  #take(): void {
    this.#byGroup = Map.groupBy(this.#pods.objects.values(), ({ groupId }) => groupId);
    const known = new Set([...this.#byGroup.keys(), ...this.#without.keys()]);
    for (const group of known) this.#notice(group);
    this.#changes.next();
  }

  #notice(group: string): void {
    const pods = this.#byGroup.get(group) ?? [];
    if (pods.some(({ type, ready }) => type === "agent" && ready)) this.#without.delete(group);
    else if (!this.#without.has(group)) {
      this.#without.set(group, Date.now());
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#changes.next();
      }, silenceMs);
      this.#timers.add(timer);
    }
  }
}
