import { label } from "../../model/kubernetes/labels.ts";
import { resourceTypes } from "./client/resource-type.ts";
import type { Wanted } from "./client/watch.ts";

/** Selects the Namespaces whose annotations apply to their new pods, by their metadata alone. */
export const labelledNamespaces: Wanted = {
  type: resourceTypes.Namespace,
  labelSelector: `${label.defaults}=true`,
  metadataOnly: true,
};
