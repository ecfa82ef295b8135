import { groupIdOf } from "../api/group.ts";
import type { KubeObject } from "./kube-object.ts";
import { isObjectName } from "../api/names.ts";
import type { IPSecConnectionSpec } from "../api/schema/ipsec-connection.ts";

/** The name of a Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** An IPSecConnection as the API server has it, which may be invalid. */
type Manifest = KubeObject & { readonly spec?: Partial<IPSecConnectionSpec> };

/** The id of a connection's group; undefined for a connection that is being deleted. */
export function declaredGroup({ metadata, spec }: Manifest): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  return groupIdOf({ groupRef: spec?.groupRef, nodeName: spec?.nodeName });
}

/**
 * The Secret that a connection names, as far as its manifest can be read. The agent reads exactly
 * these Secrets, and the operator grants exactly these. A text that is not an object's name counts
 * as none: an empty name in a Role would permit every request without a name.
 */
export function declaredSecret({ spec }: Manifest): SecretName | undefined {
  const { namespace, name } = (spec?.secretRef ?? {}) as Partial<Record<keyof SecretName, unknown>>;
  if (typeof namespace !== "string" || typeof name !== "string") return undefined;
  return isObjectName(namespace) && isObjectName(name) ? { namespace, name } : undefined;
}
