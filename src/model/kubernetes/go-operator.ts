import type { KubeObject } from "./kube-object.ts";
import { label, manager } from "./labels.ts";

/** The part of a pod that identifies a pod of the Go operator. */
interface PodShape extends KubeObject {
  readonly spec?: {
    readonly containers?: readonly { readonly env?: readonly { readonly name: string }[] }[];
  };
  readonly status?: { readonly phase?: string };
}

/**
 * The role of a pod of the Go operator: the operator itself, or a pod that it created for a tunnel.
 *
 * - `created`: the pod has the label of a type, has no owner, and is not ipman's, whose pods have
 *   the same label.
 * - `operator`: the pod has the label and the environment of the Go operator's Deployment, and has
 *   not finished.
 */
export type GoOperatorRole = "operator" | "created";

const createdTypes: ReadonlySet<string> = new Set(["charon", "restctl", "xfrm"]);
const finishedPhases: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

/** An environment variable that only the Go operator's Deployment sets. */
const imageVariable = "XFRMINION_IMAGE";

/** The role of a pod; undefined for every pod that is not the Go operator's. */
export function goOperatorRole(pod: KubeObject): GoOperatorRole | undefined {
  const { metadata, spec, status } = pod as PodShape;
  const { labels = {}, ownerReferences = [] } = metadata;
  if (labels[label.managedBy] === manager) return undefined;
  if (createdTypes.has(labels[label.type] ?? ""))
    return ownerReferences.length === 0 ? "created" : undefined;
  if (labels["control-plane"] !== "controller-manager") return undefined;
  const variables = (spec?.containers ?? []).flatMap(({ env = [] }) => env);
  const isOperator = variables.some(({ name }) => name === imageVariable);
  return isOperator && !finishedPhases.has(status?.phase ?? "") ? "operator" : undefined;
}
