import { Subject, type Observable } from "rxjs";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import { carrierFailure, type CarrierPod } from "../../../model/kubernetes/carrier-pod.ts";
import type { Failure } from "../../../model/status/failure.ts";
import { digestOf } from "../../../model/api/group.ts";

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

/** For how long an agent may restart before it counts as silent, in milliseconds. */
const silenceMs = 30_000;

/** A time in which no agent of a group runs; another object for each. */
export interface Silence {
  /** Whether it has lasted for so long that the agent does not just restart. */
  readonly isLong: boolean;
}

/** The pods that carry connections: charons and their agents, by group. */
export class Carriers implements Disposable {
  readonly #pods: ObjectStore<CarrierPod>;
  readonly #changes = new Subject<void>();
  readonly #subscription;
  /** Of the groups without an agent that runs, by the label's value. */
  readonly #silences = new Map<string, Silence>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #byGroup: ReadonlyMap<string, readonly CarrierPod[]> = new Map();

  constructor(pods: ObjectStore<CarrierPod>) {
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

  /** The silence of a group's agent; undefined where it runs, or may just restart. */
  silenceOf(groupId: string): Silence | undefined {
    const silence = this.#silences.get(digestOf([groupId]));
    return silence?.isLong === true ? silence : undefined;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#changes.complete();
  }

  #take(): void {
    this.#byGroup = Map.groupBy(this.#pods.objects.values(), ({ groupId }) => groupId);
    const known = new Set([...this.#byGroup.keys(), ...this.#silences.keys()]);
    for (const group of known) this.#notice(group);
    this.#changes.next();
  }

  #notice(group: string): void {
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
