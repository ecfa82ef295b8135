import { isDeepStrictEqual } from "node:util";
import { auditTime, merge, Subject, type Observable, type Subscription } from "rxjs";
import type { Declared } from "../../../adapters/kubernetes/declared.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { Wanted } from "../../../adapters/kubernetes/client/watch.ts";
import {
  agentAccount,
  agentAccountOf,
  agentBindings,
  boundAccounts,
  commonBindings,
} from "../../../model/kubernetes/agent-access.ts";
import {
  declaredGroup,
  declaredSecret,
  type SecretName,
} from "../../../model/kubernetes/declared-secret.ts";
import { failure, Reason, type Failure } from "../../../model/status/failure.ts";
import type { Group } from "../../../model/api/group.ts";
import {
  objectKey,
  type KubeObject,
  type OwnerReference,
} from "../../../model/kubernetes/kube-object.ts";
import type { Cluster } from "../state/cluster.ts";
import { GrantedSecrets, ofAgents, withoutProgress } from "./granted-secrets.ts";
import { KeptObjects, type KeptObjectsOptions } from "./kept-objects.ts";

type Writing = Omit<KeptObjectsOptions, "type" | "view" | "lingerMs">;

export interface AgentAccessOptions extends Writing {
  readonly cluster: Cluster;
  readonly declared: Declared;
  /** The operator's, which is the agents' too. */
  readonly namespace: string;
  /** The service accounts go with it. */
  readonly owner: OwnerReference | undefined;
  /** Where connections may name Secrets. */
  readonly secretNamespaces: readonly string[];
  readonly onTrouble: (error: unknown) => void;
}

/** Changes that come close together are looked at once. */
const gatherMs = 10;

/** Longer than a Deployment that is not wanted stays, and its pod takes to end; milliseconds. */
const accountLingerMs = 30_000;

/**
 * Gives each group's agent a service account of its own, what every agent may do, and the right
 * to read the Secrets that its connections name, each by its name.
 */
export class AgentAccess implements Disposable {
  readonly #options: AgentAccessOptions;
  readonly #accounts: KeptObjects;
  readonly #inCluster: KeptObjects;
  readonly #inNamespace: KeptObjects;
  readonly #granted: readonly { readonly namespace: string; readonly secrets: GrantedSecrets }[];
  readonly #changes = new Subject<void>();
  readonly #subscription: Subscription;
  readonly #parts = new DisposableStack();
  #ready: ReadonlySet<string> = new Set();

  constructor(options: AgentAccessOptions) {
    this.#options = options;
    const { cluster, namespace, secretNamespaces } = options;
    const { ServiceAccount, ClusterRoleBinding, RoleBinding } = resourceTypes;
    const accounts = { type: ServiceAccount, namespace, labelSelector: ofAgents };
    this.#accounts = this.#kept(accounts, accountLingerMs);
    this.#inCluster = this.#kept({ type: ClusterRoleBinding, name: agentBindings });
    this.#inNamespace = this.#kept({ type: RoleBinding, namespace, name: agentBindings });
    this.#granted = [...new Set(secretNamespaces)].map((where) => ({
      namespace: where,
      secrets: this.#parts.use(
        new GrantedSecrets({ ...options, namespace: where, home: namespace }),
      ),
    }));
    this.#subscription = merge(
      cluster.changes,
      ...this.#common.map(({ view }) => withoutProgress(view)),
      ...this.#granted.map(({ secrets }) => secrets.changes),
    )
      .pipe(auditTime(gatherMs))
      .subscribe(() => this.#look());
  }

  /** Emits when an agent can start or cannot any more, and when a right cannot be given. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /** Whether the group's agent can start: its account is there, with what every agent may do. */
  isReady(group: Group): boolean {
    return this.#ready.has(agentAccountOf(group));
  }

  /** Why the group's agent cannot start, if so. */
  failureOf(group: Group): Failure | undefined {
    if (this.isReady(group)) return undefined;
    const actors = this.#common.flatMap(({ actors: all }) => [...all]);
    const key = objectKey({ namespace: this.#options.namespace, name: agentAccountOf(group) });
    const own = actors.filter(([id]) => id === key || id.endsWith(agentBindings));
    const known = own.flatMap(([, actor]) => actor.getSnapshot().context.failure ?? []);
    if (known[0] === undefined) {
      return failure(Reason.InProgress, "the agent's service account is being made");
    }
    const message = `the agent's service account cannot be made: ${known[0].message}`;
    return failure(Reason.CarrierUnavailable, message);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#parts.dispose();
    this.#changes.complete();
  }

  get #common(): readonly KeptObjects[] {
    return [this.#accounts, this.#inCluster, this.#inNamespace];
  }

  #kept(wanted: Wanted, lingerMs = 0): KeptObjects {
    const { client, onTrouble } = this.#options;
    const view = this.#parts.use(new ObjectStore<KubeObject>(client, wanted, { onTrouble }));
    const options = {
      ...this.#options,
      type: wanted.type,
      view,
      lingerMs: () => lingerMs,
      onTrouble: (error: unknown) => {
        onTrouble(error);
        this.#changes.next();
      },
    };
    return this.#parts.use(new KeptObjects(options));
  }

  #look(): void {
    const { cluster } = this.#options;
    if (!cluster.synced) return;
    const { whole } = cluster;
    const named = this.#namedSecrets();
    for (const { namespace, secrets } of this.#granted)
      secrets.keep(namesByGroup(named.get(namespace) ?? []), whole);
    if (!this.#common.every(({ view }) => view.synced)) return;
    this.#keepAccounts(whole);
    const ready = this.#boundAccounts();
    if (isDeepStrictEqual(ready, this.#ready)) return;
    this.#ready = ready;
    this.#changes.next();
  }

  #keepAccounts(whole: boolean): void {
    const { cluster, namespace, owner } = this.#options;
    const objects = [...cluster.groups.values()].map((group) =>
      agentAccount(group, namespace, owner),
    );
    const wanted = new Map(objects.map((object) => [objectKey(object.metadata), object]));
    this.#accounts.keep({ wanted, whole });
    // An agent that is to end keeps its rights until its account goes.
    const all = [...objects, ...this.#accounts.view.objects.values()];
    const names = new Set(all.map(({ metadata }) => metadata.name));
    const { inCluster, inNamespace } = commonBindings(names, namespace);
    for (const [kept, binding] of [
      [this.#inCluster, inCluster],
      [this.#inNamespace, inNamespace],
    ] as const)
      kept.keep({ wanted: new Map([[objectKey(binding.metadata), binding]]), whole });
  }

  /** The accounts that are there, and that both bindings name. */
  #boundAccounts(): ReadonlySet<string> {
    const { namespace } = this.#options;
    const there = [...this.#accounts.view.objects.values()].map(({ metadata }) => metadata.name);
    const bound = [this.#inCluster, this.#inNamespace].map(({ view }) =>
      boundAccounts([...view.objects.values()][0], namespace),
    );
    return new Set(there.filter((name) => bound.every((names) => names.has(name))));
  }

  /** By namespace: the Secrets that connections name there. */
  #namedSecrets(): ReadonlyMap<string, readonly NamedSecret[]> {
    const { cluster, declared } = this.#options;
    const named = [...declared.connections.objects.values()].flatMap((manifest) => {
      const group = cluster.groups.get(declaredGroup(manifest) ?? "");
      const secret = declaredSecret(manifest);
      return group === undefined || secret === undefined ? [] : [{ group, ...secret }];
    });
    return Map.groupBy(named, ({ namespace }) => namespace);
  }
}

interface NamedSecret extends SecretName {
  /** Whose agent is to read it. */
  readonly group: Group;
}

/** By group: the names of Secrets of one namespace. */
function namesByGroup(named: readonly NamedSecret[]): ReadonlyMap<Group, ReadonlySet<string>> {
  const byGroup = Map.groupBy(named, ({ group }) => group);
  return new Map([...byGroup].map(([group, all]) => [group, new Set(all.map(({ name }) => name))]));
}
