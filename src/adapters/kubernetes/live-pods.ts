import { digestOf } from "../../model/api/group.ts";
import { ownPodSelector } from "../../model/beats/departure.ts";
import { label } from "../../model/kubernetes/labels.ts";
import { resourceTypes } from "./client/resource-type.ts";
import type { Wanted } from "./client/watch.ts";

const type = resourceTypes.Pod;

/** Selects pods that have not finished. A finished pod is reported as deleted. */
const live = "status.phase!=Succeeded,status.phase!=Failed";

/** Selects one node. */
export function nodeNamed(name: string): Wanted {
  return { type: resourceTypes.Node, name };
}

/** Selects unfinished pods that have an address on the pod network, and so can be reached. */
export function podsWithAddress(labelSelector: string, namespace?: string): Wanted {
  return { type, namespace, labelSelector, fieldSelector: `${live},status.podIP!=` };
}

/** Selects the unfinished pods of a group's charon and gateways, by their metadata alone. */
export function ownPods(groupId: string, namespace: string): Wanted {
  const labelSelector = ownPodSelector(digestOf([groupId]));
  return { type, namespace, labelSelector, fieldSelector: live, metadataOnly: true };
}

/**
 * Selects unfinished worker pods, by their metadata alone: the annotations contain the address. The
 * rest is most of what the server would send at each change of a pod.
 */
export const workerPods: Wanted = {
  type,
  labelSelector: label.worker,
  fieldSelector: live,
  metadataOnly: true,
};
