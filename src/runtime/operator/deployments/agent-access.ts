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
  declaredGroups,
  declaredSecrets,
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
import { ManagedObjects, type ManagedObjectsOptions } from "./managed-objects.ts";

type Writing = Omit<ManagedObjectsOptions, "type" | "view" | "lingerMs">;

export interface AgentAccessOptions extends Writing {
  readonly cluster: Cluster;
  readonly declared: Declared;
  /** The operator's namespace, where the agents' service accounts are as well. */
  readonly namespace: string;
  /** Owns the service accounts. */
  readonly owner: OwnerReference | undefined;
  /** The namespaces whose Secrets connections may name. */
  readonly secretNamespaces: readonly string[];
  readonly onTrouble: (error: unknown) => void;
}

/** Collects changes that follow each other closely. */
const gatherMs = 10;

/** Longer than an unwanted Deployment stays and its pod takes to end, in milliseconds. */
const accountLingerMs = 30_000;

/**
 * Gives each group's agent a service account of its own, the rights that every agent has, and the
 * right to read the Secrets that its connections name, each by its name.
 */
export class AgentAccess implements Disposable {
  readonly #options: AgentAccessOptions;
  readonly #accounts: ManagedObjects;
  readonly #inCluster: ManagedObjects;
  readonly #inNamespace: ManagedObjects;
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
    this.#accounts = this.#managed(accounts, accountLingerMs);
    this.#inCluster = this.#managed({ type: ClusterRoleBinding, name: agentBindings });
    this.#inNamespace = this.#managed({ type: RoleBinding, namespace, name: agentBindings });
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
      .subscribe(() => this.#reconcile());
  }

  /** Emits when an agent can start or no longer can, and when a right cannot be granted. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /** Whether the group's agent can start: its account exists, with the rights of every agent. */
  isReady(group: Group): boolean {
    return this.#ready.has(agentAccountOf(group));
  }

  /** Why the group's agent cannot start; undefined if it can. */
  failureOf(group: Group): Failure | undefined {
    if (this.isReady(group)) return undefined;
    const actors = this.#common.flatMap(({ actors: all }) => [...all]);
    const key = objectKey({ namespace: this.#options.namespace, name: agentAccountOf(group) });
    const own = actors.filter(([id]) => id === key || id.endsWith(agentBindings));
    const known = own.flatMap(([, actor]) => actor.getSnapshot().context.failure ?? []);
    if (known[0] === undefined) {
      return failure(Reason.InProgress, "the agent's service account is being created");
    }
    const message = `the agent's service account cannot be created: ${known[0].message}`;
    return failure(Reason.PodsUnavailable, message);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#parts.dispose();
    this.#changes.complete();
  }

  get #common(): readonly ManagedObjects[] {
    return [this.#accounts, this.#inCluster, this.#inNamespace];
  }

  #managed(wanted: Wanted, lingerMs = 0): ManagedObjects {
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
    return this.#parts.use(new ManagedObjects(options));
  }

  #reconcile(): void {
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
    // The agent of a deleted group keeps its rights until its account is deleted.
    const all = [...objects, ...this.#accounts.view.objects.values()];
    const names = new Set(all.map(({ metadata }) => metadata.name));
    const { inCluster, inNamespace } = commonBindings(names, namespace);
    for (const [managed, binding] of [
      [this.#inCluster, inCluster],
      [this.#inNamespace, inNamespace],
    ] as const)
      managed.keep({ wanted: new Map([[objectKey(binding.metadata), binding]]), whole });
  }

  /** The accounts that exist and are named by both bindings. */
  #boundAccounts(): ReadonlySet<string> {
    const { namespace } = this.#options;
    const existing = [...this.#accounts.view.objects.values()].map(({ metadata }) => metadata.name);
    const bound = [this.#inCluster, this.#inNamespace].map(({ view }) =>
      boundAccounts([...view.objects.values()][0], namespace),
    );
    return new Set(existing.filter((name) => bound.every((names) => names.has(name))));
  }

  /** The Secrets that connections name, by namespace. */
  #namedSecrets(): ReadonlyMap<string, readonly NamedSecret[]> {
    const { cluster, declared } = this.#options;
    const named = [...declared.connections.objects.values()].flatMap((manifest) => {
      const manifests = declared.groups.objects;
      const ids = declaredGroups(manifest, manifests);
      const groups = ids.flatMap((id) => cluster.groups.get(id) ?? []);
      return groups.flatMap((group) =>
        declaredSecrets(manifest, group.id, manifests).map((secret) => ({ group, ...secret })),
      );
    });
    return Map.groupBy(named, ({ namespace }) => namespace);
  }
}

interface NamedSecret extends SecretName {
  /** The group whose agent reads it. */
  readonly group: Group;
}

/** The names of Secrets of one namespace, by group. */
function namesByGroup(named: readonly NamedSecret[]): ReadonlyMap<Group, ReadonlySet<string>> {
  const byGroup = Map.groupBy(named, ({ group }) => group);
  return new Map([...byGroup].map(([group, all]) => [group, new Set(all.map(({ name }) => name))]));
}
