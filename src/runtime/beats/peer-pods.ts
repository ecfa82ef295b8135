import { Subject, Subscription, type Observable } from "rxjs";
import { digestOf } from "../../model/api/group.ts";
import { agentPodSelector, type AgentPod } from "../../model/beats/agent-pod.ts";

/** The pods that a selector selects, kept up to date. */
export interface PodStore extends Disposable {
  readonly synced: boolean;
  readonly objects: ReadonlyMap<string, AgentPod>;
  readonly changes: Observable<unknown>;
}

/**
 * The pods of the agents and gateways of other groups. Nothing is watched without such
 * groups; while a watch for other groups has yet to be synced, the pods that were known stay.
 */
export class PeerPods implements Disposable {
  readonly #watch: (labelSelector: string) => PodStore;
  readonly #changes = new Subject<void>();
  #selector: string | undefined;
  #store: PodStore | undefined;
  #subscription = new Subscription();
  #pods: readonly AgentPod[] = [];

  constructor(watch: (labelSelector: string) => PodStore) {
    this.#watch = watch;
  }

  /** Emits when the pods may have changed. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  get pods(): readonly AgentPod[] {
    return this.#pods;
  }

  /** Replaces the groups. */
  want(groups: readonly string[]): void {
    const digests = groups.map((group) => digestOf([group]));
    const selector = digests.length === 0 ? undefined : agentPodSelector(digests);
    if (selector === this.#selector) return;
    this.#selector = selector;
    this.#end();
    if (selector === undefined) {
      this.#pods = [];
      return;
    }
    const store = this.#watch(selector);
    this.#store = store;
    this.#subscription = store.changes.subscribe(() => {
      if (!store.synced) return;
      this.#pods = [...store.objects.values()];
      this.#changes.next();
    });
  }

  [Symbol.dispose](): void {
    this.#end();
    this.#changes.complete();
  }

  #end(): void {
    this.#subscription.unsubscribe();
    this.#store?.[Symbol.dispose]();
    this.#store = undefined;
  }
}
