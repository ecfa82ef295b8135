import { groupLabels } from "./labels.ts";
import { nameFor, nameParts, type Group } from "../api/group.ts";
import type { KubeObject, OwnerReference } from "./kube-object.ts";

/**
 * The Role and the ClusterRole with the rights of every agent, and the service account that owns the
 * objects that the operator creates.
 */
const agentRole = "ipman-agent";

/** The bindings of these two roles: the operator manages their subjects. */
export const agentBindings = "ipman-agents";

/** The operator's own Role in each namespace with Secrets, which owns the agents' Roles there. */
export const grantingRole = "ipman-operator-secrets";

const rbac = "rbac.authorization.k8s.io";
const rbacVersion = `${rbac}/v1`;

/** The name of a group's service account, and of its Roles in the namespaces with Secrets. */
export function agentAccountOf(group: Group): string {
  return nameFor(agentRole, ...nameParts(group));
}

/** The service account of one group's agent. */
export function agentAccount(
  group: Group,
  namespace: string,
  owner: OwnerReference | undefined,
): KubeObject {
  const metadata = { ...metadataOf(group, namespace), ...ownedBy(owner) };
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata,
    automountServiceAccountToken: false,
  } as KubeObject;
}

/** A Role that permits reading these Secrets of a namespace, each by its name. */
export function secretsRole(
  group: Group,
  namespace: string,
  names: ReadonlySet<string>,
  owner: OwnerReference,
): KubeObject {
  const rule = {
    apiGroups: [""],
    resources: ["secrets"],
    resourceNames: [...names].toSorted(),
    verbs: ["get", "watch"],
  };
  const metadata = { ...metadataOf(group, namespace), ...ownedBy(owner) };
  return { apiVersion: rbacVersion, kind: "Role", metadata, rules: [rule] } as KubeObject;
}

/**
 * Binds that Role to the group's agent.
 *
 * @param home the namespace of the agent's service account
 */
export function secretsBinding(
  group: Group,
  namespace: string,
  home: string,
  owner: OwnerReference,
): KubeObject {
  const name = agentAccountOf(group);
  return {
    apiVersion: rbacVersion,
    kind: "RoleBinding",
    metadata: { ...metadataOf(group, namespace), ...ownedBy(owner) },
    roleRef: { apiGroup: rbac, kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace: home }],
  } as KubeObject;
}

/**
 * The bindings that give every agent the common rights. The chart creates them without subjects, so
 * that an upgrade of the chart leaves the operator's subjects alone.
 *
 * @param home the namespace of the agents' service accounts
 */
export function commonBindings(
  accounts: Iterable<string>,
  home: string,
): { readonly inCluster: KubeObject; readonly inNamespace: KubeObject } {
  const subject = (name: string) => ({ kind: "ServiceAccount", name, namespace: home });
  const subjects = [...accounts].toSorted().map(subject);
  const of = (kind: "ClusterRole" | "Role", metadata: object) =>
    ({
      apiVersion: rbacVersion,
      kind: `${kind}Binding`,
      metadata: { name: agentBindings, ...metadata },
      roleRef: { apiGroup: rbac, kind, name: agentRole },
      subjects,
    }) as unknown as KubeObject;
  return { inCluster: of("ClusterRole", {}), inNamespace: of("Role", { namespace: home }) };
}

/** The service accounts of a namespace that a binding names. */
export function boundAccounts(binding: KubeObject | undefined, home: string): ReadonlySet<string> {
  const { subjects = [] } = (binding ?? {}) as { subjects?: RoleSubject[] };
  const own = subjects.filter(
    ({ kind, namespace }) => kind === "ServiceAccount" && namespace === home,
  );
  return new Set(own.map(({ name }) => name));
}

interface RoleSubject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function metadataOf(group: Group, namespace: string) {
  return { name: agentAccountOf(group), namespace, labels: groupLabels(group, "agent") };
}

function ownedBy(owner: OwnerReference | undefined) {
  return owner !== undefined && { ownerReferences: [owner] };
}
