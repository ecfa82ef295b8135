import type { LimitFunction } from "p-limit";
import { auditTime, EMPTY, merge, startWith, type Subscription } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Connection } from "../../../model/api/connection.ts";
import { groupIdOf, type Group } from "../../../model/api/group.ts";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import {
  agentDeployment,
  charonDeployment,
  gatewayDeployment,
  type WorkloadSettings,
} from "../../../model/kubernetes/workloads.ts";
import type { AgentAccess } from "./agent-access.ts";
import type { Cluster } from "../state/cluster.ts";
import { HeadStart } from "./head-start.ts";
import { KeptObjects } from "./kept-objects.ts";

export interface WorkloadsOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  /** The Deployments that ipman made. */
  readonly deployments: ObjectStore<KubeObject>;
  readonly settings: WorkloadSettings;
  /** Whose turn it is to write. */
  readonly writes: LimitFunction;
  /** What agents may do, where each has a service account of its own. */
  readonly access?: Pick<AgentAccess, "changes" | "isReady">;
  readonly onBreakdown: (id: string, error: unknown) => void;
}

/** A group that nobody needs any more ends its SAs first; milliseconds. */
const groupLingerMs = 15_000;

/** Changes that come close together are looked at once. */
const gatherMs = 10;

/** Keeps the Deployments of charons, agents and gateways. */
export class Workloads implements Disposable {
  readonly #options: WorkloadsOptions;
  readonly #kept: KeptObjects;
  readonly #subscription: Subscription;
  /** What was made of a connection or a group, so that the same is the same object. */
  readonly #gateways = new WeakMap<Connection, { group: Group; objects: readonly KubeObject[] }>();
  readonly #groups = new WeakMap<Group, readonly KubeObject[]>();
  readonly #headStart = new HeadStart(() => this.#look());

  constructor(options: WorkloadsOptions) {
    this.#options = options;
    const { client, cluster, deployments, access, writes, onBreakdown } = options;
    const lingerMs = (object: KubeObject | undefined) =>
      object?.metadata.labels?.[label.type] === "xfrm" ? 0 : groupLingerMs;
    this.#kept = new KeptObjects({
      client,
      type: resourceTypes.Deployment,
      view: deployments,
      writes,
      lingerMs,
      onBreakdown,
    });
    this.#subscription = merge(cluster.changes, deployments.changes, access?.changes ?? EMPTY)
      // All may be complete already, and then nothing may change for long.
      .pipe(startWith(undefined), auditTime(gatherMs))
      .subscribe(() => this.#look());
  }

  /** The actors by `namespace/name`. */
  get actors(): KeptObjects["actors"] {
    return this.#kept.actors;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#headStart[Symbol.dispose]();
    this.#kept[Symbol.dispose]();
  }

  #look(): void {
    const { cluster, deployments } = this.#options;
    if (!cluster.synced || !deployments.synced) return;
    const held = this.#withoutAccess();
    const wanted = new Map([...this.#wanted()].filter(([key]) => !held.has(key)));
    this.#kept.keep({ wanted, held, whole: cluster.whole });
  }

  /** Agents whose service account is not in place: a Deployment that is there stays as it is. */
  #withoutAccess(): ReadonlySet<string> {
    const { cluster, access } = this.#options;
    if (access === undefined) return new Set();
    const lacking = [...cluster.groups.values()].filter((group) => !access.isReady(group));
    const objects = lacking.flatMap((group) => this.#ofGroup(group));
    const agents = objects.filter(({ metadata }) => metadata.labels?.[label.type] === "agent");
    return new Set(agents.map(({ metadata }) => objectKey(metadata)));
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
      const isThere = own.some((object) =>
        this.#options.deployments.objects.has(objectKey(object.metadata)),
      );
      const held = !isThere && this.#headStart.holds(group.id, !waiting.has(group.id));
      return held ? [] : own;
    });
    return new Map(
      [...gateways, ...carriers].map((object) => [objectKey(object.metadata), object]),
    );
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
