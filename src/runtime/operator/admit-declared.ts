import type { AdmissionRequest, Verdict } from "../../adapters/kubernetes/admission-server.ts";
import type { Declared } from "../../adapters/kubernetes/declared.ts";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import { formatAddress, parseAddress, type Address } from "../../model/address.ts";
import type { Child, Connection } from "../../model/connection.ts";
import type { KubeObject } from "../../model/kube-object.ts";
import { isOfPool, poolRangeOf } from "../../model/pool-index.ts";
import { resourceKey, type Resource } from "../../model/resource.ts";
import type { Problem } from "../../model/result.ts";
import type { IPSecConnectionSpec } from "../../model/schema/ipsec-connection.ts";
import { groupIdOf } from "../../model/group.ts";
import { desiredState, nothingDesired, type DesiredState } from "../desired-state.ts";
import type { Cluster } from "./cluster.ts";

/** Judges IPSecConnections and CharonGroups beside everything else that is declared. */
export class DeclaredAdmission {
  readonly #cluster: Cluster;
  readonly #declared: Declared;

  readonly #client: KubeClient;

  constructor(cluster: Cluster, declared: Declared, client: KubeClient) {
    this.#cluster = cluster;
    this.#declared = declared;
    this.#client = client;
  }

  async admit({ operation, object, oldObject }: AdmissionRequest): Promise<Verdict> {
    if (operation === "DELETE") return verdictOf(await this.#deletionProblems(oldObject));
    if (object === null || object.metadata.deletionTimestamp !== undefined)
      return { allowed: true };
    const kind = object.kind as Resource["kind"];
    const after = this.#stateWith(kind, object);
    const key = resourceKey(kind, object) ?? "";
    const owner = kind === "IPSecConnection" ? key : "";
    const known = new Set((this.#cluster.desired.problems.get("") ?? []).map(wordsOf));
    const problems = (after.problems.get(owner) ?? []).filter(
      (problem) => owner !== "" || !known.has(wordsOf(problem)),
    );
    if (problems.length > 0) return verdictOf(problems);
    const connection = after.connections.get(key);
    if (connection === undefined) return { allowed: true };
    const inUse = this.#inUseProblems(connection);
    return inUse.length > 0 ? verdictOf(inUse) : this.#warned(connection);
  }

  /** What would be, with that object as the youngest: the others were there first. */
  #stateWith(kind: Resource["kind"], object: KubeObject): DesiredState {
    const key = resourceKey(kind, object) ?? "";
    const { resources } = this.#declared.snapshot();
    const others = resources.filter((other) => other.kind !== kind || other.key !== key);
    const resource = { kind, key, source: `${kind} ${key}`, document: object };
    return desiredState(
      nothingDesired,
      { resources: [...others, resource], problems: [] },
      "cluster",
    );
  }

  /** Addresses that pods have must stay in the pool that they are from. */
  #inUseProblems(connection: Connection): Problem[] {
    const before = this.#cluster.desired.connections.get(connection.id);
    if (before === undefined) return [];
    return [...this.#cluster.used(before)].flatMap(([key, addresses]) => {
      const was = before.children.find((child) => child.key === key);
      const is = connection.children.find((child) => child.key === key);
      if (was === undefined) return [];
      return [...addresses].flatMap(([text, pod]) => useProblem(was, is, text, pod));
    });
  }

  /** Asks the API server itself: a view may not have heard of a connection that is new. */
  async #deletionProblems(object: KubeObject | null): Promise<Problem[]> {
    if (object?.kind !== "CharonGroup") return [];
    const { namespace, name } = object.metadata;
    const users: string[] = [];
    await this.#client.list(resourceTypes.IPSecConnection, {}, {}, (connection) => {
      const { groupRef } = (connection as { spec?: Partial<IPSecConnectionSpec> }).spec ?? {};
      const uses = groupRef?.namespace === namespace && groupRef?.name === name;
      if (uses && connection.metadata.deletionTimestamp === undefined)
        users.push(connection.metadata.name);
    });
    if (users.length === 0) return [];
    const message = `the CharonGroup carries ${users.join(", ")}: delete them first, or give them another groupRef`;
    return [{ path: "metadata.name", message }];
  }

  #warned(connection: Connection): Verdict {
    const { groupRef } = connection;
    if (groupRef === undefined || this.#cluster.groups.has(groupIdOf(connection) ?? ""))
      return { allowed: true };
    const warning = `spec.groupRef: there is no CharonGroup ${groupRef.namespace}/${groupRef.name} yet`;
    return { allowed: true, warnings: [warning] };
  }
}

function useProblem(was: Child, is: Child | undefined, text: string, pod: string): Problem[] {
  const address = parseAddress(text) as Address;
  const pool = poolRangeOf(was, address)?.pool;
  const path = `spec.children.${was.key}`;
  const wayOut = `delete the pod first, or keep what it uses`;
  if (is === undefined) {
    return [{ path, message: `${pod} is attached to it as ${formatAddress(address)}: ${wayOut}` }];
  }
  if (is.ifId !== was.ifId) {
    return [{ path: `${path}.if_id`, message: `${pod} is attached with ${was.ifId}: ${wayOut}` }];
  }
  if (pool === undefined || isOfPool(is, pool, address)) return [];
  const message = `${formatAddress(address)} is the address of ${pod}: ${wayOut}`;
  return [{ path: `${path}.ip_pools.${pool}`, message }];
}

function wordsOf({ path, message }: Problem): string {
  return `${path}: ${message}`;
}

/** In the words of `ipman validate`. */
function verdictOf(problems: readonly Problem[]): Verdict {
  if (problems.length === 0) return { allowed: true };
  return { allowed: false, code: 422, message: problems.map(wordsOf).join("\n") };
}
