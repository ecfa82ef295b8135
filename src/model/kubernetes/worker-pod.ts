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

/** Keeps of a pod what is read of it: thousands are held. */
export function trimmedPod(object: KubeObject): Pod {
  const { metadata, status } = object as Pod;
  const { name, generateName, namespace, uid, resourceVersion, annotations } = metadata;
  const { creationTimestamp, deletionTimestamp } = metadata;
  const own = Object.entries(annotations ?? {}).filter(([key]) => known.has(key));
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

const known: ReadonlySet<string> = new Set(Object.values(annotation));

/** A pod's hold on an address, until it has ended. */
export interface HeldAddress {
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
  readonly pool: string;
  readonly address: Prefix;
}

/** Of pods that are looked at again and again: an object never changes. */
const heldAddresses = new WeakMap<Pod, { readonly heldAddress: HeldAddress | undefined }>();

export function heldAddressOf(pod: Pod): HeldAddress | undefined {
  const known = heldAddresses.get(pod);
  if (known !== undefined) return known.heldAddress;
  const heldAddress = readHeldAddress(pod);
  heldAddresses.set(pod, { heldAddress });
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

/** Of a connection: by the child's key, who has which address. */
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
    const of = used.get(child.key) ?? new Map<string, string>();
    const { namespace = "default", name } = pod.metadata;
    of.set(formatAddress(heldAddress.address.address), `pod ${namespace}/${name}`);
    used.set(child.key, of);
  }
  return used;
}
