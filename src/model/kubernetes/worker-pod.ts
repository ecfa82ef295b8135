import type { KubeMeta, KubeObject } from "./kube-object.ts";
import { annotation, label } from "./labels.ts";

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
  const group = metadata.labels?.[label.groupId];
  const own = Object.entries(annotations ?? {}).filter(([key]) => readAnnotations.has(key));
  const kept: KubeMeta = {
    name,
    ...(generateName !== undefined && { generateName }),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(group !== undefined && { labels: { [label.groupId]: group } }),
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
