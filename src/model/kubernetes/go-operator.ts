import type { KubeObject } from "./kube-object.ts";
import { label, manager } from "./labels.ts";

/** The part of a pod by which the Go operator's are known. */
interface PodShape extends KubeObject {
  readonly spec?: {
    readonly containers?: readonly { readonly env?: readonly { readonly name: string }[] }[];
  };
  readonly status?: { readonly phase?: string };
}

/**
 * What a pod is to the Go operator: itself, or one that it created for a tunnel.
 *
 * - `created`: it bears the label of a type, has no owner, and is not ipman's, whose pods bear
 *   the same label.
 * - `operator`: it has the label and the environment of the Go operator's Deployment, and has
 *   not finished.
 */
export type GoOperatorRole = "operator" | "created";

const createdTypes: ReadonlySet<string> = new Set(["charon", "restctl", "xfrm"]);
const finishedPhases: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

/** An environment variable that its Deployment sets and no other does. */
const imageVariable = "XFRMINION_IMAGE";

/** Undefined for every pod that is not the Go operator's. */
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
