import { isDeepStrictEqual } from "node:util";
import type { LimitFunction } from "p-limit";
import { auditTime, EMPTY, merge, tap, type Subscription } from "rxjs";
import type { EventRecorder } from "../../../adapters/kubernetes/events.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { formatAddress } from "../../../model/net/address.ts";
import type { Allocation } from "../../../model/addresses/allocation.ts";
import { apiVersion } from "../../../model/api/schema/api-group.ts";
import { stated, type Condition, type StatedCondition } from "../../../model/status/condition.ts";
import type {
  ConnectionResource,
  ConnectionStatusPart,
} from "../../../model/kubernetes/connection-resource.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import { Reason } from "../../../model/status/failure.ts";
import { groupIdsOf, nodeOfPath } from "../../../model/api/group.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { formatPrefix } from "../../../model/net/prefix.ts";
import { StatusWriter } from "../../kubernetes/status-writer.ts";
import { rfc3339 } from "../../time/rfc3339.ts";
import type { AgentAccess } from "../deployments/agent-access.ts";
import { withAccess, type GroupPods } from "./group-pods.ts";
import type { Cluster } from "../state/cluster.ts";
import {
  placedOf,
  placedOnAll,
  unknownReady,
  type PlacementFacts,
} from "./placement-conditions.ts";
import { Debouncer } from "../../kubernetes/debouncer.ts";
import { SilentAgents } from "./silent-agents.ts";

/** The part of a connection's status that the leader writes; other tools read all but conditions. */
type OperatorStatus = Pick<ConnectionStatusPart, "node" | "xfrmGatewayIp"> &
  Lists & { readonly conditions: readonly StatedCondition[] };

/** The lists of addresses, which change with every pod. */
type Lists = Required<Pick<ConnectionStatusPart, "freeIps" | "pendingIps">>;

export interface OperatorReporterOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly groupPods: GroupPods;
  /** Set if each agent has a service account of its own. */
  readonly access: Pick<AgentAccess, "changes" | "failureOf"> | undefined;
  readonly events: EventRecorder;
  readonly writes: LimitFunction;
  readonly onTrouble: (error: unknown) => void;
}

const gatherMs = 500;

const all = Symbol("every connection");

/** Lists of addresses change with every pod, and the next pods would wait for each write. */
const listsDebounce = { quietMs: 1_000, maxWaitMs: 30_000 };

/** The longest list of free addresses in a status: pools may have thousands. */
const mostListed = 256;

const fieldManager = "ipman-operator";

/** Reports in the status of connections their node, their gateways and their free addresses. */
export class OperatorReporter implements Disposable {
  readonly #options: OperatorReporterOptions;
  readonly #cluster: Cluster;
  readonly #writer: StatusWriter<OperatorStatus>;
  readonly #subscription: Subscription;
  /** Connections whose lists of addresses change. */
  readonly #debouncer = new Debouncer(listsDebounce);
  readonly #silent = new SilentAgents();
  /** Connections that changed since their status was compared. */
  readonly #touched = new Set<string | typeof all>();

  constructor(options: OperatorReporterOptions) {
    this.#options = options;
    const { cluster, groupPods, access, writes, onTrouble } = options;
    this.#cluster = cluster;
    this.#writer = new StatusWriter({
      actual: (id) => shownPart(cluster.object(id)),
      wanted: (id) => this.#wanted(id),
      write: (id, status) => this.#write(id, status),
      writes,
      onTrouble,
    });
    const touched = cluster.touched.pipe(
      tap((id) => id !== undefined && this.#debouncer.touch(id)),
    );
    const pods = merge(groupPods.changes, access?.changes ?? EMPTY);
    this.#subscription = merge(touched, pods, this.#debouncer.settled)
      .pipe(
        tap((id) => this.#touched.add(id ?? all)),
        auditTime(gatherMs),
      )
      .subscribe(() => this.#compareTouched());
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#writer[Symbol.dispose]();
    this.#debouncer[Symbol.dispose]();
  }

  #compareTouched(): void {
    const { cluster, groupPods } = this.#options;
    if (!cluster.synced || !groupPods.synced) return;
    const ids = this.#touched.has(all) ? cluster.ids : (this.#touched as Set<string>);
    for (const id of ids) this.#writer.compare(id);
    this.#touched.clear();
  }

  #wanted(id: string): OperatorStatus | undefined {
    const object = this.#cluster.object(id);
    if (object === undefined) return undefined;
    const connection = this.#cluster.desired.connections.get(id);
    const before = object.status?.conditions ?? [];
    const { generation = 0 } = object.metadata;
    const found = this.#conditions(object, connection);
    return {
      node: connection === undefined ? "" : this.#nodeOf(connection),
      xfrmGatewayIp: this.#gateways(connection),
      ...this.#listsOf(object, connection),
      conditions: stated(found, before, generation, rfc3339()),
    };
  }

  #conditions(object: ConnectionResource, connection: Connection | undefined): Condition[] {
    const { groupPods } = this.#options;
    const groupIds = connection === undefined ? [] : groupIdsOf(connection);
    const placements = groupIds.map((id) => this.#placementOf(id));
    const [only = this.#placementOf(undefined)] = placements;
    const active = connection && this.#cluster.activeGroup(connection);
    const leading = placements.find(({ groupId }) => groupId === active) ?? only;
    const silence = groupPods.silenceOf(leading.groupId ?? "");
    const isSilent = silence !== undefined && this.#silent.isSilent(silence, object);
    const placed = placements.length > 1 ? placedOnAll(placements) : placedOf(only);
    const before = object.status?.conditions ?? [];
    return [placed, ...unknownReady(placedOf(leading), before, isSilent)];
  }

  #placementOf(groupId: string | undefined): PlacementFacts {
    const { groupPods, access } = this.#options;
    const group = this.#cluster.groups.get(groupId ?? "");
    const refused = this.#cluster.refused.get(groupId ?? "");
    const podFailures = withAccess(
      groupPods.failuresOf(groupId ?? ""),
      group && access?.failureOf(group),
    );
    return { groupId, group, refused, podFailures };
  }

  /** The node of the active path. */
  #nodeOf(connection: Connection): string {
    return nodeOfPath(connection, this.#cluster.activePath(connection)) ?? "";
  }

  #gateways(connection: Connection | undefined): Record<string, string> {
    const found = (connection?.children ?? []).flatMap((child) => {
      const address = this.#cluster.gatewayAddress(connection as Connection, child);
      return address === undefined ? [] : [[child.name, formatAddress(address)]];
    });
    return Object.fromEntries(found) as Record<string, string>;
  }

  /** The current lists; while they change, those in the status, if these have the same pools. */
  #listsOf(object: ConnectionResource, connection: Connection | undefined): Lists {
    const children = connection?.children ?? [];
    const { name } = object.metadata;
    const shown = listsShown(object);
    const samePools = isDeepStrictEqual(poolsShown(shown.freeIps), poolsOf(children));
    if (this.#debouncer.isWaiting(name) && samePools) return shown;
    const allocation = this.#cluster.allocation(name);
    return {
      freeIps: Object.fromEntries(children.flatMap((child) => freeOf(allocation, child))),
      pendingIps: this.#cluster.reservations.of(name)?.pending ?? {},
    };
  }

  async #write(id: string, status: OperatorStatus): Promise<void> {
    const before = this.#cluster.object(id);
    if (before === undefined) return;
    // An agent that reported meanwhile is right: the operator must not overwrite its report unseen.
    const { resourceVersion } = before.metadata;
    const hasReady = status.conditions.some(({ type }) => type === "Ready");
    const metadata = { name: id, ...(hasReady && { resourceVersion }) };
    const object = { apiVersion, kind: "IPSecConnection", metadata, status };
    const { client, groupPods } = this.#options;
    const connection = this.#cluster.desired.connections.get(id);
    const group = connection && this.#cluster.activeGroup(connection);
    const silence = groupPods.silenceOf(group ?? "");
    const type = resourceTypes.IPSecConnection;
    const written = await client.apply<KubeObject>(type, object, fieldManager, "status");
    if (hasReady && silence !== undefined) this.#silent.noteWritten(silence, written);
    const { freeIps, pendingIps } = status;
    if (!isDeepStrictEqual({ freeIps, pendingIps }, listsShown(before)))
      this.#debouncer.flushed(id);
    this.#recordEvent(before, status);
  }

  /** Records an event when a connection is placed, or when a pod that it needs does not run. */
  #recordEvent(regarding: ConnectionResource, { conditions }: OperatorStatus): void {
    const was = placedIn(regarding.status?.conditions ?? []);
    const is = placedIn(conditions);
    if (is === undefined || is.reason === Reason.InProgress) return;
    if (was?.status === is.status && was.reason === is.reason) return;
    this.#options.events.record({
      regarding,
      type: is.status === "True" ? "Normal" : "Warning",
      reason: is.reason,
      action: "Placing",
      note: is.message,
    });
  }
}

function placedIn(conditions: readonly StatedCondition[]): StatedCondition | undefined {
  return conditions.find(({ type }) => type === "Placed");
}

/** The part of a status that the leader writes; this includes `Ready` while the agent is silent. */
function shownPart(object: ConnectionResource | undefined): OperatorStatus | undefined {
  if (object === undefined) return undefined;
  const { xfrmGatewayIp = {}, node = "", conditions = [] } = object.status ?? {};
  const own = conditions.filter(
    ({ type, reason }) => type === "Placed" || (type === "Ready" && reason === Reason.AgentSilent),
  );
  // In the order in which the conditions are written.
  const ordered = own.toSorted((a, b) => (a.type < b.type ? -1 : 1));
  return { node, xfrmGatewayIp, ...listsShown(object), conditions: ordered };
}

function listsShown({ status: { freeIps = {}, pendingIps = {} } = {} }: ConnectionResource): Lists {
  return { freeIps, pendingIps };
}

function poolsOf(children: readonly Child[]): ReadonlySet<string> {
  return new Set(children.flatMap(({ name, pools }) => poolKeys(name, pools.keys())));
}

function poolsShown(lists: Lists["freeIps"]): ReadonlySet<string> {
  return new Set(
    Object.entries(lists).flatMap(([child, pools]) => poolKeys(child, Object.keys(pools))),
  );
}

function poolKeys(child: string, pools: Iterable<string>): string[] {
  return [...pools].map((pool) => JSON.stringify([child, pool]));
}

function freeOf(allocation: Allocation, child: Child): [string, Record<string, string[]>][] {
  const pools = [...child.pools.keys()].map((pool): [string, string[]] => [
    pool,
    allocation.free(child, pool, mostListed).map(formatPrefix),
  ]);
  return pools.length === 0 ? [] : [[child.name, Object.fromEntries(pools)]];
}
