import { setTimeout as pause } from "node:timers/promises";
import type { KubeClient } from "../../../adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../../adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../../adapters/kubernetes/client/resource-type.ts";
import type { OwnerReference } from "../../../model/kubernetes/kube-object.ts";

const leastPauseMs = 100;
const mostPauseMs = 5_000;

export interface OwnerSought {
  readonly client: KubeClient;
  readonly namespace: string;
  /** `ServiceAccount/name`; any other text names no owner. */
  readonly owner: string;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Finds the object that owns what the operator creates: Helm deletes it, and Kubernetes deletes what
 * it owns. Waits while the API server is unavailable: kubelet would restart a pod that exits with
 * growing delays, even once the API server is back.
 *
 * @throws KubeError `not-found`
 */
export async function releaseOwner(sought: OwnerSought): Promise<OwnerReference | undefined> {
  const { client, namespace, owner, signal, onTrouble } = sought;
  const [kind, name] = owner.split("/");
  if (kind !== "ServiceAccount" || name === undefined) return undefined;
  for (let pauseMs = leastPauseMs; ; pauseMs = Math.min(2 * pauseMs, mostPauseMs)) {
    try {
      const found = await client.get(resourceTypes.ServiceAccount, { namespace, name });
      return { apiVersion: found.apiVersion, kind, name, uid: found.metadata.uid ?? "" };
    } catch (error) {
      if (!(error instanceof KubeError) || error.code === "not-found") throw error;
      onTrouble(error);
    }
    await pause(pauseMs, undefined, { signal });
  }
}
