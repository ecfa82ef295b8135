import type { Connection } from "../api/connection.ts";
import { metaWith, type KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label } from "../kubernetes/labels.ts";

/** The part of a node that says whether it is cordoned. */
export interface OwnNode extends KubeObject {
  readonly isCordoned: boolean;
}

/** Reads a node. */
export function ownNode({ apiVersion, kind, metadata, ...rest }: KubeObject): OwnNode {
  const { spec } = rest as { readonly spec?: { readonly unschedulable?: boolean } };
  return {
    apiVersion,
    kind,
    metadata: metaWith(metadata, "resourceVersion"),
    isCordoned: spec?.unschedulable === true,
  };
}

/** The part of charon's or a gateway's pod that says whether it ends, and for what. */
export interface OwnPod extends KubeObject {
  /** `charon` or `xfrm` (a gateway). */
  readonly type: string;
  /** The connection of a gateway, and the key of its child. */
  readonly connection: string;
  readonly child: string;
}

/** Reads charon's or a gateway's pod. */
export function ownPod({ apiVersion, kind, metadata }: KubeObject): OwnPod {
  const { labels = {}, annotations = {} } = metadata;
  return {
    apiVersion,
    kind,
    metadata: metaWith(metadata, "namespace", "resourceVersion", "deletionTimestamp"),
    type: labels[label.type] ?? "",
    connection: annotations[annotation.connection] ?? "",
    child: annotations[annotation.child] ?? "",
  };
}

/** The selector of a group's charon and gateways, by the value of the label `groupId`. */
export function ownPodSelector(group: string): string {
  return `${label.type} in (charon,xfrm),${label.groupId}=${group}`;
}

/**
 * Whether a connection's traffic is to leave a group: its node is cordoned, or charon's pod or that of a
 * declared child's gateway is terminating. A gateway of a child that was removed does not count.
 */
export function leavesGroup(
  connection: Pick<Connection, "id" | "children">,
  nodes: Iterable<OwnNode>,
  pods: Iterable<OwnPod>,
): boolean {
  if ([...nodes].some(({ isCordoned }) => isCordoned)) return true;
  return [...pods].some(
    ({ metadata, type, connection: id, child }) =>
      metadata.deletionTimestamp !== undefined &&
      (type === "charon" ||
        (id === connection.id && connection.children.some(({ key }) => key === child))),
  );
}
