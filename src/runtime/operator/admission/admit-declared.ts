import type {
  AdmissionRequest,
  Verdict,
} from "../../../adapters/kubernetes/admission/admission-review.ts";
import type { Declared } from "../../../adapters/kubernetes/declared.ts";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { formatAddress, parseAddress, type Address } from "../../../model/net/address.ts";
import type { AvailabilityRule } from "../../../model/api/availability.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { isOfPool, poolRangeOf } from "../../../model/addresses/pool.ts";
import { resourceKey, type Resource } from "../../../model/api/resource.ts";
import type { Problem } from "../../../model/api/result.ts";
import type { IPSecConnectionSpec } from "../../../model/api/schema/ipsec-connection.ts";
import { declaredIdOf, groupsOf } from "../../../model/api/group.ts";
import { lostServiceAddresses } from "../../../model/services/lost-addresses.ts";
import { connectionWarnings } from "../../../model/validation/connection-warnings.ts";
import { declaredPlaces } from "../../../model/validation/paths/declared-places.ts";
import { groupsOfDeclared, refusedGroups } from "../../../model/validation/node-networks.ts";
import { desiredState, nothingDesired, type DesiredState } from "../../desired/desired-state.ts";
import type { Cluster } from "../state/cluster.ts";
import { fieldOfNode, groupChangeProblems } from "./group-change.ts";

export interface DeclaredAdmissionParts {
  readonly cluster: Cluster;
  readonly declared: Declared;
  readonly client: KubeClient;
}

/** Validates IPSecConnections and CharonGroups together with all other manifests. */
export class DeclaredAdmission {
  readonly #cluster: Cluster;
  readonly #declared: Declared;

  readonly #client: KubeClient;
  readonly #rule: AvailabilityRule;

  constructor(
    { cluster, declared, client }: DeclaredAdmissionParts,
    rule: AvailabilityRule = { requireAllowedNamespaces: false },
  ) {
    this.#cluster = cluster;
    this.#declared = declared;
    this.#client = client;
    this.#rule = rule;
  }

  async admit({ operation, object, oldObject }: AdmissionRequest): Promise<Verdict> {
    if (operation === "DELETE") return verdictOf(await this.#deletionProblems(oldObject));
    if (object === null || object.metadata.deletionTimestamp !== undefined)
      return { allowed: true };
    const kind = object.kind as Resource["kind"];
    const resources = this.#resourcesWith(kind, object);
    const after = stateOf(resources);
    const key = resourceKey(kind, object) ?? "";
    const owner = kind === "IPSecConnection" ? key : "";
    const known = new Set((this.#cluster.desired.problems.get("") ?? []).map(wordsOf));
    const problems = (after.problems.get(owner) ?? []).filter(
      (problem) => owner !== "" || !known.has(wordsOf(problem)),
    );
    if (problems.length > 0) return verdictOf(problems);
    const occupied = this.#nodeProblems(kind, object, resources, after);
    if (occupied.length > 0) return verdictOf(occupied);
    if (kind === "CharonGroup") {
      const change = { key, object, oldObject };
      return verdictOf(groupChangeProblems(change, this.#cluster.desired, after));
    }
    const connection = after.connections.get(key);
    if (connection === undefined) return { allowed: true };
    const inUse = this.#inUseProblems(connection);
    return inUse.length > 0 ? verdictOf(inUse) : this.#warned(connection);
  }

  /** All manifests with this object as the newest: of two that conflict, the older one is valid. */
  #resourcesWith(kind: Resource["kind"], object: KubeObject): Resource[] {
    const key = resourceKey(kind, object) ?? "";
    const { resources } = this.#declared.snapshot();
    const others = resources.filter((other) => other.kind !== kind || other.key !== key);
    return [...others, { kind, key, source: `${kind} ${key}`, document: object }];
  }

  /** Refuses a second charon on a node's network; an object that keeps its node is allowed. */
  #nodeProblems(
    kind: Resource["kind"],
    object: KubeObject,
    resources: readonly Resource[],
    after: DesiredState,
  ): Problem[] {
    const key = resourceKey(kind, object) ?? "";
    const connection = kind === "IPSecConnection" ? after.connections.get(key) : undefined;
    const groups = groupsOf(after.groups, after.connections.values());
    const refusals = refusedGroups(groups, resources, after.connections);
    const places =
      connection === undefined
        ? groupsOfDeclared(key, groups).map((group) => ({
            groupId: group.id,
            path: fieldOfNode(group, object),
          }))
        : declaredPlaces(connection)
            .filter(({ field }) => field === "nodeName")
            .map(({ groupId, at }) => ({ groupId, path: `${at}.nodeName` }));
    return places.flatMap(({ groupId, path }) => {
      const refused = refusals.get(groupId);
      const before = this.#cluster.groups.get(groupId);
      const keepsNode =
        before?.hostNetwork === true && before.nodeName === groups.get(groupId)?.nodeName;
      return refused === undefined || keepsNode ? [] : [{ path, message: refused.message }];
    });
  }

  /** Refuses to remove addresses of pods from the pool that they are from. */
  #inUseProblems(connection: Connection): Problem[] {
    const before = this.#cluster.desired.connections.get(connection.id);
    if (before === undefined) return [];
    return [...this.#cluster.used(before)].flatMap(([key, addresses]) => {
      const childBefore = before.children.find((child) => child.key === key);
      const childAfter = connection.children.find((child) => child.key === key);
      if (childBefore === undefined) return [];
      return [...addresses].flatMap(([text, pod]) =>
        useProblem(childBefore, childAfter, text, pod),
      );
    });
  }

  /** Lists the connections at the API server: a view may lack a new one. */
  async #deletionProblems(object: KubeObject | null): Promise<Problem[]> {
    if (object?.kind !== "CharonGroup") return [];
    const { namespace, name } = object.metadata;
    const users: string[] = [];
    await this.#client.list(resourceTypes.IPSecConnection, {}, {}, (connection) => {
      const { spec } = connection as { spec?: Partial<IPSecConnectionSpec> };
      const places = [spec, ...(spec?.paths ?? [])];
      const uses = places.some(
        (place) => place?.groupRef?.namespace === namespace && place?.groupRef?.name === name,
      );
      if (uses && connection.metadata.deletionTimestamp === undefined)
        users.push(connection.metadata.name);
    });
    if (users.length === 0) return [];
    const message = `the CharonGroup is used by ${users.join(", ")}: delete them first, or give them another groupRef`;
    return [{ path: "metadata.name", message }];
  }

  #warned(connection: Connection): Verdict {
    const warnings = [
      ...this.#groupWarning(connection),
      ...this.#namespacesWarning(connection),
      ...this.#servicesWarnings(connection).map(wordsOf),
      ...connectionWarnings(connection).map(wordsOf),
    ];
    return { allowed: true, ...(warnings.length > 0 && { warnings }) };
  }

  #groupWarning(connection: Connection): string[] {
    return declaredPlaces(connection).flatMap(({ groupId, at, field }) => {
      if (field === "nodeName" || this.#cluster.groups.has(groupId)) return [];
      const refused = this.#cluster.refused.get(groupId);
      const problem = refused?.message ?? `there is no CharonGroup ${declaredIdOf(groupId)} yet`;
      return [`${at}.groupRef: ${problem}`];
    });
  }

  /** A Service may get another address, unlike a pod, whose addresses have to stay. */
  #servicesWarnings(connection: Connection): Problem[] {
    const before = this.#cluster.desired.connections.get(connection.id);
    const { services } = this.#cluster.reservations.of(connection.id) ?? {};
    if (before === undefined || services === undefined) return [];
    return lostServiceAddresses(before, connection, services);
  }

  #namespacesWarning({ allowedNamespaces }: Connection): string[] {
    if (allowedNamespaces !== undefined || !this.#rule.requireAllowedNamespaces) return [];
    return [
      "spec.allowedNamespaces is missing: no pod can join, since the chart's requireAllowedNamespaces is true",
    ];
  }
}

function stateOf(resources: readonly Resource[]): DesiredState {
  return desiredState(nothingDesired, { resources, problems: [] }, { scope: "cluster" });
}

function useProblem(before: Child, after: Child | undefined, text: string, pod: string): Problem[] {
  const address = parseAddress(text) as Address;
  const pool = poolRangeOf(before, address)?.pool;
  const path = `spec.children.${before.key}`;
  const remedy = "delete the pod first, or keep what it uses";
  if (after === undefined) {
    return [{ path, message: `${pod} is attached to it as ${formatAddress(address)}: ${remedy}` }];
  }
  if (after.ifId !== before.ifId) {
    return [
      { path: `${path}.if_id`, message: `${pod} is attached with ${before.ifId}: ${remedy}` },
    ];
  }
  if (pool === undefined || isOfPool(after, pool, address)) return [];
  const message = `${formatAddress(address)} is the address of ${pod}: ${remedy}`;
  return [{ path: `${path}.ip_pools.${pool}`, message }];
}

function wordsOf({ path, message }: Problem): string {
  return `${path}: ${message}`;
}

/** Words the problems as `ipman validate` does. */
function verdictOf(problems: readonly Problem[]): Verdict {
  if (problems.length === 0) return { allowed: true };
  return { allowed: false, code: 422, message: problems.map(wordsOf).join("\n") };
}
