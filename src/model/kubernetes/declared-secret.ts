import { groupIdOf } from "../api/group.ts";
import type { KubeObject } from "./kube-object.ts";
import { isObjectName } from "../api/names.ts";
import { mostPaths, type IPSecConnectionSpec } from "../api/schema/ipsec-connection.ts";

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
 * The Secrets that a connection and its paths name, as far as its manifest can be read. The agent
 * reads exactly these Secrets, and the operator grants exactly these. A text that is not an object's
 * name counts as none: an empty name in a Role would permit every request without a name.
 */
export function declaredSecrets({ spec }: Manifest): SecretName[] {
  const paths: readonly unknown[] = Array.isArray(spec?.paths)
    ? spec.paths.slice(0, mostPaths)
    : [];
  const found = [spec, ...paths].flatMap(secretIn);
  const ids = found.map(({ namespace, name }) => `${namespace}/${name}`);
  return found.filter((_, i) => ids.indexOf(ids[i] as string) === i);
}

/** The Secret that a part of a manifest names. */
function secretIn(part: unknown): SecretName[] {
  const { secretRef } = (part ?? {}) as { readonly secretRef?: unknown };
  const { namespace, name } = (secretRef ?? {}) as Partial<Record<keyof SecretName, unknown>>;
  if (typeof namespace !== "string" || typeof name !== "string") return [];
  return isObjectName(namespace) && isObjectName(name) ? [{ namespace, name }] : [];
}
