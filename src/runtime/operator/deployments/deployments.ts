import type { LimitFunction } from "p-limit";
import { auditTime, EMPTY, filter, merge, startWith, type Subscription } from "rxjs";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import { groupIdsOf, type Group } from "../../../model/api/group.ts";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { label } from "../../../model/kubernetes/labels.ts";
import {
  agentDeployment,
  charonDeployment,
  type DeploymentSettings,
} from "../../../model/kubernetes/deployments.ts";
import type { AgentAccess } from "./agent-access.ts";
import type { Cluster } from "../state/cluster.ts";
import { CharonRollout } from "./charon-rollout.ts";
import { GatewayDeployments } from "./gateway-deployments.ts";
import { GatewayFirstDelay } from "./gateway-first-delay.ts";
import { ManagedObjects } from "./managed-objects.ts";

export interface DeploymentsOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  /** The Deployments that ipman created. */
  readonly deployments: ObjectStore<KubeObject>;
  readonly settings: DeploymentSettings;
  /** Limits concurrent writes. */
  readonly writes: LimitFunction;
  /** Set if each agent has a service account of its own. */
  readonly access?: Pick<AgentAccess, "changes" | "isReady">;
  readonly onBreakdown: (id: string, error: unknown) => void;
  /** Receives why a charon is replaced later, or although others do not run. */
  readonly onRollout?: (words: string) => void;
}

/** How long an unwanted group stays: its agent ends the SAs meanwhile; milliseconds. */
export const groupLingerMs = 15_000;

/** Collects changes that follow each other closely. */
const gatherMs = 10;

/**
 * Manages the Deployments of charons, agents and gateways. A change reaches charon and gateways on several
 * nodes of a connection one node after the other.
 */
export class Deployments implements Disposable {
  readonly #options: DeploymentsOptions;
  readonly #managed: ManagedObjects;
  readonly #subscription: Subscription;
  readonly #gateways: GatewayDeployments;
  /** A memo: the Deployments of an unchanged group are the same objects. */
  readonly #groups = new WeakMap<Group, readonly KubeObject[]>();
  readonly #rollout: CharonRollout;
  readonly #gatewayFirst = new GatewayFirstDelay(() => this.#reconcile());

  constructor(options: DeploymentsOptions) {
    this.#options = options;
    const report = options.onRollout ?? (() => {});
    this.#rollout = new CharonRollout({ report, onChange: () => this.#reconcile() });
    this.#gateways = new GatewayDeployments(options);
    const { client, cluster, deployments, access, writes, onBreakdown } = options;
    const lingerMs = (object: KubeObject | undefined) =>
      object?.metadata.labels?.[label.type] === "xfrm" ? 0 : groupLingerMs;
    this.#managed = new ManagedObjects({
      client,
      type: resourceTypes.Deployment,
      view: deployments,
      writes,
      lingerMs,
      onBreakdown,
    });
    const statuses = cluster.touched.pipe(filter(() => this.#rollout.isWaiting));
    const changes = merge(cluster.changes, deployments.changes, access?.changes ?? EMPTY, statuses);
    this.#subscription = changes
      // All views may be complete already: without this, nothing would happen until a change.
      .pipe(startWith(undefined), auditTime(gatherMs))
      .subscribe(() => this.#reconcile());
  }

  /** The actors by `namespace/name`. */
  get actors(): ManagedObjects["actors"] {
    return this.#managed.actors;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#gatewayFirst[Symbol.dispose]();
    this.#rollout[Symbol.dispose]();
    this.#managed[Symbol.dispose]();
  }

  #reconcile(): void {
    const { cluster, deployments } = this.#options;
    if (!cluster.synced || !deployments.synced) return;
    const all = this.#wanted();
    const held = this.#withoutAccess().union(this.#replacedLater(all));
    const wanted = new Map([...all].filter(([key]) => !held.has(key)));
    this.#managed.keep({ wanted, held, whole: cluster.whole });
  }

  /** Agents without a service account: a Deployment that exists stays as it is. */
  #withoutAccess(): ReadonlySet<string> {
    const { cluster, access } = this.#options;
    if (access === undefined) return new Set();
    const lacking = [...cluster.groups.values()].filter((group) => !access.isReady(group));
    const objects = lacking.flatMap((group) => this.#ofGroup(group));
    const agents = objects.filter(({ metadata }) => metadata.labels?.[label.type] === "agent");
    return new Set(agents.map(({ metadata }) => objectKey(metadata)));
  }

  /** Deployments of charon and gateways that stay as they are while those of other nodes are replaced. */
  #replacedLater(wanted: ReadonlyMap<string, KubeObject>): ReadonlySet<string> {
    const { cluster, deployments } = this.#options;
    return this.#rollout.held({
      wanted,
      existing: deployments.objects,
      connections: cluster.desired.connections.values(),
      activeGroup: (connection) => cluster.activeGroup(connection),
      stateOf: ({ id }, path) =>
        cluster.object(id)?.status?.paths?.find(({ name }) => name === path)?.state,
    });
  }

  #wanted(): Map<string, KubeObject> {
    const { cluster } = this.#options;
    const { groups, desired } = cluster;
    const gateways = [...desired.connections.values()].flatMap((connection) => {
      const itsGroups = groupIdsOf(connection).flatMap((id) => groups.get(id) ?? []);
      return itsGroups.flatMap((group) => this.#gateways.of(connection, group));
    });
    this.#gatewayFirst.keep(new Set(groups.keys()));
    const waiting = this.#groupsWithoutGateway();
    const ofGroups = [...groups.values()].flatMap((group) => {
      const own = this.#ofGroup(group);
      const exists = own.some((object) =>
        this.#options.deployments.objects.has(objectKey(object.metadata)),
      );
      const held = !exists && this.#gatewayFirst.holds(group.id, !waiting.has(group.id));
      return held ? [] : own;
    });
    return new Map(
      [...gateways, ...ofGroups].map((object) => [objectKey(object.metadata), object]),
    );
  }

  /** Groups that have a gateway without an address. */
  #groupsWithoutGateway(): ReadonlySet<string> {
    const { cluster } = this.#options;
    const lacking = [...cluster.desired.connections.values()].flatMap((connection) =>
      groupIdsOf(connection).filter((group) =>
        connection.children.some(
          (child) => cluster.gatewayAddress(connection, child, group) === undefined,
        ),
      ),
    );
    return new Set(lacking);
  }

  #ofGroup(group: Group): readonly KubeObject[] {
    const memo = this.#groups.get(group);
    if (memo !== undefined) return memo;
    const { settings } = this.#options;
    const objects = [charonDeployment(group, settings), agentDeployment(group, settings)];
    this.#groups.set(group, objects);
    return objects;
  }
}
