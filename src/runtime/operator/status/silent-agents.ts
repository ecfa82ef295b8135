import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { Silence } from "./group-pods.ts";

/**
 * Which connections have had no status from their agent since its silence began. An agent whose pod
 * does not run in the cluster's view may still reach the API: it overwrites what the operator wrote,
 * and the operator leaves its status alone. Versions are compared, not times: the clocks of nodes
 * differ.
 */
export class SilentAgents {
  /** By silence and connection: the version that the operator wrote. */
  readonly #written = new WeakMap<Silence, Map<string, bigint>>();

  /** Notes that the operator wrote `AgentSilent`, with the object as the API server stored it. */
  noteWritten(silence: Silence, { metadata }: KubeObject): void {
    const versions = this.#written.get(silence) ?? new Map<string, bigint>();
    this.#written.set(silence, versions);
    versions.set(metadata.name, versionOf({ metadata }));
  }

  /** Whether only the operator has written a connection's status since the silence began. */
  isSilent(silence: Silence, object: KubeObject): boolean {
    const written = this.#written.get(silence)?.get(object.metadata.name);
    return written === undefined || versionOf(object) <= written;
  }
}

function versionOf({ metadata }: Pick<KubeObject, "metadata">): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}
