import type { LimitFunction } from "p-limit";
import { auditTime, merge, startWith, type Subscription } from "rxjs";
import { createActor, fromPromise, type ActorRefFrom } from "xstate";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import type { View } from "../../adapters/kubernetes/view.ts";
import { workloadMachine } from "../../machines/workload.ts";
import type { Connection } from "../../model/connection.ts";
import { groupIdOf, type Group } from "../../model/group.ts";
import type { KubeObject } from "../../model/kube-object.ts";
import { label } from "../../model/labels.ts";
import {
  agentDeployment,
  charonDeployment,
  gatewayDeployment,
  type WorkloadSettings,
} from "../../model/workloads.ts";
import { refusing } from "../refusal.ts";
import type { Cluster } from "./cluster.ts";
import { HeadStart } from "./head-start.ts";

export interface WorkloadsOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  /** The Deployments that ipman made. */
  readonly deployments: View<KubeObject>;
  readonly settings: WorkloadSettings;
  /** Whose turn it is to write. */
  readonly writes: LimitFunction;
  readonly onBreakdown: (id: string, error: unknown) => void;
}

type Workload = ActorRefFrom<typeof workloadMachine>;

/** A group that nobody needs any more ends its SAs first; milliseconds. */
const groupLingerMs = 15_000;

/** Changes that come close together are looked at once. */
const gatherMs = 10;

const fieldManager = "ipman-operator";

/** Runs an actor for each Deployment that is there or is to be. */
export class Workloads implements Disposable {
  readonly #options: WorkloadsOptions;
  readonly #actors = new Map<string, Workload>();
  readonly #subscription: Subscription;
  readonly #logic;
  /** What was made of a connection or a group, so that the same is the same object. */
  readonly #gateways = new WeakMap<Connection, { group: Group; objects: readonly KubeObject[] }>();
  readonly #groups = new WeakMap<Group, readonly KubeObject[]>();
  readonly #seen = new Map<string, KubeObject>();
  readonly #headStart = new HeadStart(() => this.#look());

  constructor(options: WorkloadsOptions) {
    this.#options = options;
    const { client, cluster, deployments, writes } = options;
    const type = resourceTypes.Deployment;
    /** One that has waited for so long that nobody wants it any more is not made. */
    const inTurn = <T>(signal: AbortSignal, write: () => Promise<T>) =>
      writes(() => {
        signal.throwIfAborted();
        return refusing(write);
      });
    this.#logic = workloadMachine.provide({
      actors: {
        apply: fromPromise<KubeObject, KubeObject>(({ input, signal }) =>
          inTurn(signal, () => client.apply<KubeObject>(type, input, fieldManager)),
        ),
        remove: fromPromise<void, KubeObject>(({ input: { metadata }, signal }) => {
          const { namespace, name, uid } = metadata;
          return inTurn(signal, () => client.delete(type, { namespace, name }, { uid }));
        }),
      },
    });
    this.#subscription = merge(cluster.changes, deployments.changes)
      // Both may be complete already, and then nothing may change for long.
      .pipe(startWith(undefined), auditTime(gatherMs))
      .subscribe(() => this.#look());
  }

  /** The actors by `namespace/name`. */
  get actors(): ReadonlyMap<string, Workload> {
    return this.#actors;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#headStart[Symbol.dispose]();
    for (const actor of this.#actors.values()) actor.stop();
    this.#actors.clear();
  }

  #look(): void {
    const { cluster, deployments } = this.#options;
    if (!cluster.synced || !deployments.synced) return;
    const wanted = this.#wanted();
    this.#showWhatIsThere(wanted);
    for (const [key, object] of wanted) {
      const actor = this.#actors.get(key);
      if (actor === undefined) this.#spawn(key, object);
      else actor.send({ type: "wanted", object });
    }
    if (!cluster.whole) return;
    for (const [key, actor] of this.#actors) if (!wanted.has(key)) actor.send({ type: "unwanted" });
  }

  #showWhatIsThere(wanted: ReadonlyMap<string, KubeObject>): void {
    const { objects, version } = this.#options.deployments;
    for (const [key, object] of objects) {
      if (this.#seen.get(key) === object) continue;
      const known = this.#actors.get(key);
      // What nobody wants has an actor to remove it, once that is certain.
      if (known === undefined && !wanted.has(key) && !this.#options.cluster.whole) continue;
      this.#seen.set(key, object);
      const actor = known ?? this.#spawn(key, wanted.get(key));
      const seen = BigInt(object.metadata.resourceVersion ?? version);
      actor.send({ type: "seen", object, version: seen });
    }
    for (const key of this.#seen.keys()) {
      if (objects.has(key)) continue;
      this.#seen.delete(key);
      this.#actors.get(key)?.send({ type: "seen", object: undefined, version });
    }
  }

  #spawn(key: string, wanted: KubeObject | undefined): Workload {
    const actual = this.#options.deployments.objects.get(key);
    const type = (wanted ?? actual)?.metadata.labels?.[label.type];
    const actor = createActor(this.#logic, {
      id: key,
      input: {
        wanted,
        actual,
        version: BigInt(actual?.metadata.resourceVersion ?? 0),
        lingerMs: type === "xfrm" ? 0 : groupLingerMs,
      },
    });
    this.#actors.set(key, actor);
    const end = () => {
      if (this.#actors.get(key) === actor) this.#actors.delete(key);
    };
    actor.subscribe({
      complete: end,
      error: (error) => {
        this.#options.onBreakdown(key, error);
        end();
      },
    });
    return actor.start();
  }

  #wanted(): Map<string, KubeObject> {
    const { cluster } = this.#options;
    const { groups, desired } = cluster;
    const gateways = [...desired.connections.values()].flatMap((connection) => {
      const group = groups.get(groupIdOf(connection) ?? "");
      return group === undefined ? [] : this.#ofConnection(connection, group);
    });
    this.#headStart.keep(new Set(groups.keys()));
    const waiting = this.#groupsWithoutGateway();
    const carriers = [...groups.values()].flatMap((group) => {
      const own = this.#ofGroup(group);
      const isThere = own.some((object) => this.#options.deployments.objects.has(keyOf(object)));
      const held = !isThere && this.#headStart.holds(group.id, !waiting.has(group.id));
      return held ? [] : own;
    });
    return new Map([...gateways, ...carriers].map((object) => [keyOf(object), object]));
  }

  /** Groups of which some gateway has no address. */
  #groupsWithoutGateway(): ReadonlySet<string | undefined> {
    const { cluster } = this.#options;
    const lacking = [...cluster.desired.connections.values()].filter((connection) =>
      connection.children.some((child) => cluster.gatewayAddress(connection, child) === undefined),
    );
    return new Set(lacking.map(groupIdOf));
  }

  #ofGroup(group: Group): readonly KubeObject[] {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const { settings } = this.#options;
    const objects = [charonDeployment(group, settings), agentDeployment(group, settings)];
    this.#groups.set(group, objects);
    return objects;
  }

  #ofConnection(connection: Connection, group: Group): readonly KubeObject[] {
    const known = this.#gateways.get(connection);
    if (known?.group === group) return known.objects;
    const objects = connection.children.map((child) =>
      gatewayDeployment(group, connection, child, this.#options.settings),
    );
    this.#gateways.set(connection, { group, objects });
    return objects;
  }
}

function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return `${namespace}/${name}`;
}
