import { groupIdOf } from "../api/group.ts";
import type { KubeObject } from "./kube-object.ts";
import { isObjectName } from "../api/names.ts";
import type { IPSecConnectionSpec } from "../api/schema/ipsec-connection.ts";

/** Which Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** An IPSecConnection as the API server has it; it may have problems. */
type Manifest = KubeObject & { readonly spec?: Partial<IPSecConnectionSpec> };

/** The id of the group that carries a connection; undefined for one that is being deleted. */
export function declaredGroup({ metadata, spec }: Manifest): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  return groupIdOf({ groupRef: spec?.groupRef, nodeName: spec?.nodeName });
}

/**
 * The Secret that a connection names, as far as its manifest can be read. The agent asks for
 * exactly these Secrets, and the operator grants exactly these. A text that is not the name of an
 * object is none: an empty name in a Role would stand for every request without a name.
 */
export function declaredSecret({ spec }: Manifest): SecretName | undefined {
  const { namespace, name } = (spec?.secretRef ?? {}) as Partial<Record<keyof SecretName, unknown>>;
  if (typeof namespace !== "string" || typeof name !== "string") return undefined;
  return isObjectName(namespace) && isObjectName(name) ? { namespace, name } : undefined;
}
