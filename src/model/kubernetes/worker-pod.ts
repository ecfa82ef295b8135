import { formatAddress } from "../net/address.ts";
import { findChild, type Connection } from "../api/connection.ts";
import type { KubeMeta, KubeObject } from "./kube-object.ts";
import { annotation } from "./labels.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";

/** The part of a Pod that ipman reads. */
export interface Pod extends KubeObject {
  readonly status?: {
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip?: string }[];
  };
}

/** Reduces a pod to the part that ipman reads: thousands are held in memory. */
export function trimmedPod(object: KubeObject): Pod {
  const { metadata, status } = object as Pod;
  const { name, generateName, namespace, uid, resourceVersion, annotations } = metadata;
  const { creationTimestamp, deletionTimestamp } = metadata;
  const own = Object.entries(annotations ?? {}).filter(([key]) => readAnnotations.has(key));
  const kept: KubeMeta = {
    name,
    ...(generateName !== undefined && { generateName }),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    annotations: Object.fromEntries(own),
  };
  const { podIP, podIPs } = status ?? {};
  const hasMore = Array.isArray(podIPs) && podIPs.length > 1;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: kept,
    status: { ...(podIP !== undefined && { podIP }), ...(hasMore && { podIPs }) },
  };
}

const readAnnotations: ReadonlySet<string> = new Set(Object.values(annotation));

/** The address that a pod holds until it has ended, by its annotations. */
export interface HeldAddress {
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
  readonly pool: string;
  readonly address: Prefix;
}

/** Memo of {@link readHeldAddress}: the object of a pod is immutable. */
const memo = new WeakMap<Pod, { readonly heldAddress: HeldAddress | undefined }>();

/** The address that a pod holds; undefined if its annotations are incomplete. */
export function heldAddressOf(pod: Pod): HeldAddress | undefined {
  const read = memo.get(pod);
  if (read !== undefined) return read.heldAddress;
  const heldAddress = readHeldAddress(pod);
  memo.set(pod, { heldAddress });
  return heldAddress;
}

function readHeldAddress({ metadata }: Pod): HeldAddress | undefined {
  const { annotations = {} } = metadata;
  const connection = annotations[annotation.connection];
  const child = annotations[annotation.child];
  const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
  if (connection === undefined || child === undefined || address === undefined) return undefined;
  return { connection, child, pool: annotations[annotation.pool] ?? "", address };
}

/** The addresses that pods of a connection hold, by the child's key: address → pod. */
export function usedAddresses(
  connection: Connection,
  pods: Iterable<Pod>,
): Map<string, Map<string, string>> {
  const used = new Map<string, Map<string, string>>();
  for (const pod of pods) {
    const heldAddress = heldAddressOf(pod);
    if (heldAddress?.connection !== connection.id) continue;
    const child = findChild(connection, heldAddress.child);
    if (child === undefined) continue;
    const ofChild = used.get(child.key) ?? new Map<string, string>();
    const { namespace = "default", name } = pod.metadata;
    ofChild.set(formatAddress(heldAddress.address.address), `pod ${namespace}/${name}`);
    used.set(child.key, ofChild);
  }
  return used;
}
