import { apiGroup } from "../api/schema/api-group.ts";
import { digestOf, type Group } from "../api/group.ts";

const key = (name: string) => `${apiGroup}/${name}`;

/** Labels of the objects that ipman makes, and of the pods that it lets in. */
export const label = {
  /** What it is: `charon`, `agent`, `xfrm` (a gateway), `reservations`. */
  type: key("type"),
  /** The CharonGroup's name, or the node's; and its namespace, empty for an implied group. */
  group: key("group"),
  groupNamespace: key("groupNamespace"),
  /** Tells groups apart, whatever their names. */
  groupId: key("groupId"),
  /** On workers: the child's name. */
  worker: key("worker"),
  managedBy: "app.kubernetes.io/managed-by",
} as const;

/** Annotations: a workload's wishes, and what came of them. */
export const annotation = {
  connection: key("ipmanName"),
  child: key("childName"),
  pool: key("poolName"),
  /** A wish for one address of the pool. */
  address: key("address"),
  /** `true`: a StatefulSet's pod gets the pool's address of its ordinal, always. */
  keepAddress: key("keepAddress"),
  vxlanIp: key("vxlanIp"),
  xfrmIp: key("xfrmIp"),
  interfaceId: key("interfaceId"),
  localIps: key("localIps"),
  remoteIps: key("remoteIps"),
  xfrmUnderlyingIp: key("xfrmUnderlyingIp"),
  vxlanPort: key("vxlanPort"),
  /** When the address was reserved: the stamp of the reservation. */
  reservedAt: key("reservedAt"),
  /** The id of the reservation, which proves that the operator made it for this pod. */
  reservation: key("reservation"),
  /** On a Secret: the connections that may use its keys. */
  keyFor: key("keyFor"),
  /** On what ipman made: a digest of what it asked for. */
  digest: key("digest"),
} as const;

/** Who made it, for selectors. */
export const manager = "ipman";

/** The labels that tell which group an object belongs to. */
export function groupLabels(group: Group, type: "charon" | "agent" | "xfrm") {
  return {
    [label.managedBy]: manager,
    [label.type]: type,
    [label.group]: labelValue(group.name),
    [label.groupNamespace]: labelValue(group.namespace),
    [label.groupId]: digestOf([group.id]),
  };
}

/** A name as a label's value; a longer one by what tells it apart. */
export function labelValue(name: string): string {
  return name.length <= 63 ? name : digestOf([name]);
}
