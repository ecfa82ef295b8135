/** A kind of object in the API, with the parts of its paths. */
export interface ResourceType {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** An object or a collection. */
export interface ObjectPlace {
  /** Undefined for all namespaces, and for kinds without a namespace. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: "status" | undefined;
}

/** The path of an object or a collection. */
export function pathOf(type: ResourceType, { namespace, name, subresource }: ObjectPlace): string {
  const { apiVersion, plural, namespaced } = type;
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
  const object = name === undefined ? "" : `/${name}`;
  return `${group}${within}/${plural}${object}${subresource === undefined ? "" : `/${subresource}`}`;
}

/** The object for a message: `Deployment ipman-system/charon-a`. */
export function wordsFor({ kind }: ResourceType, { namespace, name }: ObjectPlace): string {
  const where = [namespace, name].filter((part) => part !== undefined).join("/");
  return where === "" ? kind : `${kind} ${where}`;
}

const type = (apiVersion: string, kind: string, plural: string, namespaced = true) =>
  ({ apiVersion, kind, plural, namespaced }) as const satisfies ResourceType;

/** The kinds that ipman reads and writes. */
export const resourceTypes = {
  IPSecConnection: type("ipman.dialo.ai/v1", "IPSecConnection", "ipsecconnections", false),
  CharonGroup: type("ipman.dialo.ai/v1", "CharonGroup", "charongroups"),
  Pod: type("v1", "Pod", "pods"),
  Node: type("v1", "Node", "nodes", false),
  Namespace: type("v1", "Namespace", "namespaces", false),
  ConfigMap: type("v1", "ConfigMap", "configmaps"),
  Secret: type("v1", "Secret", "secrets"),
  Service: type("v1", "Service", "services"),
  EndpointSlice: type("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  Deployment: type("apps/v1", "Deployment", "deployments"),
  ServiceAccount: type("v1", "ServiceAccount", "serviceaccounts"),
  Role: type("rbac.authorization.k8s.io/v1", "Role", "roles"),
  RoleBinding: type("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
  ClusterRoleBinding: type(
    "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding",
    "clusterrolebindings",
    false,
  ),
  Lease: type("coordination.k8s.io/v1", "Lease", "leases"),
  Event: type("events.k8s.io/v1", "Event", "events"),
  MutatingWebhookConfiguration: type(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
    false,
  ),
  ValidatingWebhookConfiguration: type(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    false,
  ),
} as const;
