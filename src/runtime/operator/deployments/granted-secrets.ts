import { filter, merge, type Observable } from "rxjs";
import type { WatchOptions } from "../../../adapters/kubernetes/client/watch.ts";
import {
  resourceTypes,
  type ResourceType,
} from "../../../adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import {
  grantingRole,
  secretsBinding,
  secretsRole,
} from "../../../model/kubernetes/agent-access.ts";
import type { Group } from "../../../model/api/group.ts";
import {
  objectKey,
  type KubeObject,
  type OwnerReference,
} from "../../../model/kubernetes/kube-object.ts";
import { label, manager } from "../../../model/kubernetes/labels.ts";
import { ManagedObjects, type ManagedObjectsOptions } from "./managed-objects.ts";

export interface GrantedSecretsOptions extends Omit<ManagedObjectsOptions, "type" | "view"> {
  /** The namespace of the Secrets. */
  readonly namespace: string;
  /** The namespace of the agents' service accounts. */
  readonly home: string;
}

/** Selects the objects that the operator creates for agents. */
export const ofAgents = `${label.managedBy}=${manager},${label.type}=agent`;

/** The changes of a view that may change an object. */
export function withoutProgress({ changes }: ObjectStore<KubeObject>): Observable<unknown> {
  return changes.pipe(filter(({ type }) => type !== "progress"));
}

/**
 * The Roles of one namespace by which agents read Secrets, and their bindings. The operator's own
 * Role there, which the chart creates, owns them: they are deleted with it when the chart is
 * uninstalled or the namespace is removed from its values. Without that Role nothing is granted.
 */
export class GrantedSecrets implements Disposable {
  readonly #options: GrantedSecretsOptions;
  readonly #owner: ObjectStore<KubeObject>;
  readonly #roles: ManagedObjects;
  readonly #bindings: ManagedObjects;
  readonly #parts = new DisposableStack();

  constructor(options: GrantedSecretsOptions) {
    this.#options = options;
    const { client, namespace, onTrouble = () => {} } = options;
    const watched: WatchOptions = { onTrouble };
    const own = { type: resourceTypes.Role, namespace, name: grantingRole };
    this.#owner = this.#parts.use(new ObjectStore<KubeObject>(client, own, watched));
    const kept = (type: ResourceType) => {
      const wanted = { type, namespace, labelSelector: ofAgents };
      const view = this.#parts.use(new ObjectStore<KubeObject>(client, wanted, watched));
      return this.#parts.use(new ManagedObjects({ ...options, type, view }));
    };
    this.#roles = kept(resourceTypes.Role);
    this.#bindings = kept(resourceTypes.RoleBinding);
  }

  /** Emits after each change of a Role or a binding. */
  get changes(): Observable<unknown> {
    const views = [this.#owner, this.#roles.view, this.#bindings.view];
    return merge(...views.map(withoutProgress));
  }

  /**
   * Grants the agents of these groups access to these Secrets of the namespace, and no others.
   *
   * @param whole whether these are all groups
   */
  keep(named: ReadonlyMap<Group, ReadonlySet<string>>, whole: boolean): void {
    const views = [this.#owner, this.#roles.view, this.#bindings.view];
    const owner = this.#ownerReference();
    if (owner === undefined || !views.every(({ synced }) => synced)) return;
    const { namespace, home } = this.#options;
    const groups = [...named];
    const roles = byKey(
      groups.map(([group, names]) => secretsRole(group, namespace, names, owner)),
    );
    this.#roles.keep({ wanted: roles, whole });
    const bindings = groups.map(([group]) => secretsBinding(group, namespace, home, owner));
    // The API server refuses a binding to a Role that does not exist.
    const possible = bindings.filter((object) => this.#hasRole(objectKey(object.metadata)));
    const held = new Set(byKey(bindings).keys());
    this.#bindings.keep({ wanted: byKey(possible), held, whole });
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  #hasRole(key: string): boolean {
    return this.#roles.view.objects.has(key);
  }

  #ownerReference(): OwnerReference | undefined {
    const [owner] = this.#owner.objects.values();
    const uid = owner?.metadata.uid;
    if (owner === undefined || uid === undefined) return undefined;
    const { apiVersion, kind } = resourceTypes.Role;
    return { apiVersion, kind, name: owner.metadata.name, uid };
  }
}

function byKey(objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> {
  return new Map(objects.map((object) => [objectKey(object.metadata), object]));
}
