import { label } from "../../model/labels.ts";
import { resourceTypes } from "./resource-type.ts";
import type { Wanted } from "./watch.ts";

/** Pods whose containers have not all ended for good; one whose have is told as deleted. */
export function livePods(labelSelector: string, namespace?: string): Wanted {
  const fieldSelector = "status.phase!=Succeeded,status.phase!=Failed";
  return { type: resourceTypes.Pod, namespace, labelSelector, fieldSelector };
}

/**
 * Every pod that has an address of a pool, by its metadata alone: its annotations say which.
 * Of a pod that is most of what the server would send, and read anew for each change of it.
 */
export const holders: Wanted = { ...livePods(label.worker), metadataOnly: true };
