import { label } from "../../model/kubernetes/labels.ts";
import { resourceTypes } from "./client/resource-type.ts";
import type { Wanted } from "./client/watch.ts";

const type = resourceTypes.Pod;

/** Whose containers have not all ended for good; a pod whose have is told as deleted. */
const live = "status.phase!=Succeeded,status.phase!=Failed";

/** Live pods that have an address on the pod network: before, they are nobody's to reach. */
export function podsWithAddress(labelSelector: string, namespace?: string): Wanted {
  return { type, namespace, labelSelector, fieldSelector: `${live},status.podIP!=` };
}

/**
 * Every live pod that has an address of a pool, by its metadata alone: its annotations say
 * which. The rest is most of what the server would send, anew for each change of a pod.
 */
export const workerPods: Wanted = {
  type,
  labelSelector: label.worker,
  fieldSelector: live,
  metadataOnly: true,
};
