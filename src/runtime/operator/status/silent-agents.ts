import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { Silence } from "./group-pods.ts";

/**
 * Which connections have not been heard of since their agent is missed. An agent whose pod does not
 * run for the cluster may reach the API all the same: it overwrites what the operator wrote, and is
 * then left alone. Versions are compared and no times, since the clocks of nodes differ.
 */
export class SilentAgents {
  /** By connection: the version with what the operator wrote during a silence. */
  readonly #written = new WeakMap<Silence, Map<string, bigint>>();

  /** Notes that the operator wrote `AgentSilent`; the object is as the API server has it then. */
  noteWritten(silence: Silence, { metadata }: KubeObject): void {
    const versions = this.#written.get(silence) ?? new Map<string, bigint>();
    this.#written.set(silence, versions);
    versions.set(metadata.name, versionOf({ metadata }));
  }

  /** Whether nothing but the operator's own word is known of a connection since the silence began. */
  isSilent(silence: Silence, object: KubeObject): boolean {
    const written = this.#written.get(silence)?.get(object.metadata.name);
    return written === undefined || versionOf(object) <= written;
  }
}

function versionOf({ metadata }: Pick<KubeObject, "metadata">): bigint {
  return BigInt(metadata.resourceVersion ?? 0);
}
