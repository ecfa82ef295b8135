import { apiGroup } from "../api/schema/api-group.ts";
import { digestOf, type Group } from "../api/group.ts";

const key = (name: string) => `${apiGroup}/${name}`;

/** Labels of the objects that ipman creates and of the pods that it admits. */
export const label = {
  /** The type of the object: `charon`, `agent`, `xfrm` (a gateway), `frontend`, `reservations`. */
  type: key("type"),
  /** The CharonGroup's name, or the node's; and its namespace, empty for an implied group. */
  group: key("group"),
  groupNamespace: key("groupNamespace"),
  /** Identifies the group, whatever its name. */
  groupId: key("groupId"),
  /** On workers: the child's name. */
  worker: key("worker"),
  /** `true` on a Namespace: its annotations are requests of its new pods. */
  defaults: key("defaults"),
  managedBy: "app.kubernetes.io/managed-by",
  /** On EndpointSlices: the Service, and the program that maintains them. */
  serviceName: "kubernetes.io/service-name",
  sliceManager: "endpointslice.kubernetes.io/managed-by",
} as const;

/** Annotations: the requests of a workload, and their results. */
export const annotation = {
  /** Requests several attachments: a JSON list whose members have the names of the next five. */
  attachments: key("attachments"),
  /** The results of that list: a JSON list whose members have the names of the annotations below. */
  attached: key("attached"),
  connection: key("ipmanName"),
  child: key("childName"),
  pool: key("poolName"),
  /** Requests one address of the pool. */
  address: key("address"),
  /** On a Service without selector: the hosts of the partner to which it leads. */
  remote: key("remote"),
  /** On the EndpointSlice of such a Service: the address that the partner sees. */
  source: key("source"),
  /** `true`: a StatefulSet's pod gets the pool's address of its ordinal, always. */
  keepAddress: key("keepAddress"),
  vxlanIp: key("vxlanIp"),
  xfrmIp: key("xfrmIp"),
  interfaceId: key("interfaceId"),
  localIps: key("localIps"),
  remoteIps: key("remoteIps"),
  xfrmUnderlyingIp: key("xfrmUnderlyingIp"),
  vxlanPort: key("vxlanPort"),
  /** The id of the address's reservation, which begins with the time. */
  reservedAt: key("reservedAt"),
  /** The proof that the operator made the reservation for this pod. */
  reservation: key("reservation"),
  /** The version of an attachment's segment, {@link severalGatewaysVersion} or none. */
  segmentVersion: key("segmentVersion"),
  /** `false` on a pod: the defaults of its namespace are not its requests. */
  defaults: key("defaults"),
  /** On a pod whose requests are those of its namespace: {@link requestedByNamespace}. */
  requestedBy: key("requestedBy"),
  /** On the ConfigMap with a connection's reservations: the Services that have addresses, in JSON. */
  services: key("services"),
  /** On a Secret: the connections that may use its keys. */
  keyFor: key("keyFor"),
  /** On objects that ipman created: a digest of the wanted object. */
  digest: key("digest"),
} as const;

/** The value of `requestedBy`. */
export const requestedByNamespace = "Namespace";

/** The segment's version in attachments that accept the sending addresses of several gateways. */
export const severalGatewaysVersion = "2";

/** The value of `managedBy` by which selectors find ipman's objects. */
export const manager = "ipman";

/** The labels of an object that belongs to a group. */
export function groupLabels(group: Group, type: "charon" | "agent" | "xfrm" | "frontend") {
  return {
    [label.managedBy]: manager,
    [label.type]: type,
    [label.group]: labelValue(group.name),
    [label.groupNamespace]: labelValue(group.namespace),
    [label.groupId]: digestOf([group.id]),
  };
}

/** A name as a label's value: a digest if the name is too long. */
export function labelValue(name: string): string {
  return name.length <= 63 ? name : digestOf([name]);
}
