import { Subscription, type Observable } from "rxjs";
import type { Connection } from "../../model/api/connection.ts";
import { groupIdOfPath, nodeOfPath } from "../../model/api/group.ts";
import { leavesGroup, type OwnNode, type OwnPod } from "../../model/beats/departure.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { contained } from "../actors/contained.ts";
import { peersOf, type ConnectionBeats } from "./connection-beats.ts";

/** Objects of the API, kept up to date. */
export interface WatchedObjects<T extends KubeObject> extends Disposable {
  readonly objects: ReadonlyMap<string, T>;
  readonly changes: Observable<unknown>;
}

export interface DeparturesOptions {
  readonly groupId: string;
  readonly desired: Observable<{ readonly connections: ReadonlyMap<string, Connection> }>;
  /** Watches the node of this name. */
  readonly watchNode: (name: string) => WatchedObjects<OwnNode>;
  /** Watches charon's pod and the gateways of this group. */
  readonly watchPods: () => WatchedObjects<OwnPod>;
  readonly beats: Pick<ConnectionBeats<object>, "leave">;
  readonly report: (error: unknown) => void;
}

/**
 * Reports for which connections this group leaves. Node and pods are watched only while a connection has
 * paths in other groups.
 */
export class Departures implements Disposable {
  readonly #options: DeparturesOptions;
  readonly #subscription = new Subscription();
  #connections: ReadonlyMap<string, Connection> = new Map();
  #node = new Watch<OwnNode>();
  #pods = new Watch<OwnPod>();

  constructor(options: DeparturesOptions) {
    this.#options = options;
    const { groupId, desired, report } = options;
    this.#subscription.add(
      desired.subscribe(
        contained(report, ({ connections }) => {
          this.#connections = connections;
          const shared = connections.values().find((one) => peersOf(one, groupId).size > 0);
          this.#watch(shared);
          this.#compare();
        }),
      ),
    );
  }

  /** Whether this group leaves for a connection. */
  leaves(id: string): boolean {
    const connection = this.#connections.get(id);
    if (connection === undefined) return false;
    return leavesGroup(connection, this.#node.objects, this.#pods.objects);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#watch(undefined);
  }

  /** Watches while there is a connection that has paths in other groups, too. */
  #watch(shared: Connection | undefined): void {
    const { groupId, watchNode, watchPods, report } = this.#options;
    const own = shared?.paths.find(({ name }) => groupIdOfPath(shared, name) === groupId);
    const nodeName = shared && own && nodeOfPath(shared, own.name);
    const compare = contained(report, () => this.#compare());
    this.#node.want(nodeName, (name) => watchNode(name), compare);
    this.#pods.want(shared && groupId, () => watchPods(), compare);
  }

  #compare(): void {
    this.#options.beats.leave((id) => this.leaves(id));
  }
}

/** One watch at most. */
class Watch<T extends KubeObject> {
  #wanted: string | undefined;
  #store: WatchedObjects<T> | undefined;
  #subscription = new Subscription();

  get objects(): Iterable<T> {
    return this.#store?.objects.values() ?? [];
  }

  /** Begins another watch if the name is another one; ends it without a name. */
  want(
    name: string | undefined,
    open: (name: string) => WatchedObjects<T>,
    onChange: (change: unknown) => void,
  ): void {
    if (name === this.#wanted) return;
    this.#wanted = name;
    this.#subscription.unsubscribe();
    this.#store?.[Symbol.dispose]();
    this.#store = name === undefined ? undefined : open(name);
    this.#subscription = this.#store?.changes.subscribe(onChange) ?? new Subscription();
  }
}
