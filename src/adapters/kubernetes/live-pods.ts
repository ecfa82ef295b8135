import { label } from "../../model/kubernetes/labels.ts";
import { resourceTypes } from "./client/resource-type.ts";
import type { Wanted } from "./client/watch.ts";

const type = resourceTypes.Pod;

/** Selects pods that have not finished. A finished pod is reported as deleted. */
const live = "status.phase!=Succeeded,status.phase!=Failed";

/** Live pods with an address on the pod network. Without one, a pod cannot be reached. */
export function podsWithAddress(labelSelector: string, namespace?: string): Wanted {
  return { type, namespace, labelSelector, fieldSelector: `${live},status.podIP!=` };
}

/**
 * Every live pod that holds an address of a pool, by its metadata only: the address is in its
 * annotations. The rest is most of a pod, and the server would send it at each change.
 */
export const holders: Wanted = {
  type,
  labelSelector: label.worker,
  fieldSelector: live,
  metadataOnly: true,
};
