import { placedManifest, type GroupManifests } from "../groups/group-paths.ts";
import { groupIdOf, groupIdOfPath, groupIdsOf, hasSeveralGroups, placeOf } from "../api/group.ts";
import type { KubeObject } from "./kube-object.ts";
import { isObjectName } from "../api/names.ts";
import {
  mostPaths,
  type IPSecConnectionSpec,
  type PathSpec,
} from "../api/schema/ipsec-connection.ts";

/** The name of a Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** An IPSecConnection as the API server has it, which may be invalid. */
type Manifest = KubeObject & { readonly spec?: Partial<IPSecConnectionSpec> };

/** The ids of the groups that have a path of a connection; none for one that is being deleted. */
export function declaredGroups(manifest: Manifest, groups: GroupManifests = noGroups): string[] {
  if (manifest.metadata.deletionTimestamp !== undefined) return [];
  return groupIdsOf(placed(manifest, groups));
}

/** The id of the group that has a path of a connection, by its manifest. */
export function declaredGroupOf(
  manifest: Manifest,
  path: string,
  groups: GroupManifests = noGroups,
): string | undefined {
  return groupIdOfPath(placed(manifest, groups), path);
}

const noGroups: GroupManifests = new Map();

/** The places of a connection and its paths, those that its CharonGroup makes included. */
function placed({ spec }: Manifest, groups: GroupManifests) {
  return placedManifest({ ...spec, paths: pathsIn(spec) }, groups);
}

/**
 * The Secrets that a connection and its paths name, as far as its manifest can be read; of a
 * connection with paths in several groups, those of one group. The agent reads exactly these
 * Secrets, and the operator grants exactly these. A text that is not an object's name counts as
 * none: an empty name in a Role would permit every request without a name.
 */
export function declaredSecrets(
  manifest: Manifest,
  groupId?: string,
  groups: GroupManifests = noGroups,
): SecretName[] {
  const { spec } = manifest;
  const connection = placed(manifest, groups);
  const { paths } = connection;
  const isDivided = groupId !== undefined && hasSeveralGroups(connection);
  const pathsHere = paths.filter((path) => groupIdOf(placeOf(path, connection)) === groupId);
  const parts = isDivided
    ? pathsHere.map((path) => ({ secretRef: path.secretRef ?? spec?.secretRef }))
    : [spec, ...paths];
  const found = parts.flatMap(secretIn);
  const ids = found.map(({ namespace, name }) => `${namespace}/${name}`);
  return found.filter((_, i) => ids.indexOf(ids[i] as string) === i);
}

/** The paths in a manifest, as far as they can be read. */
function pathsIn(spec: Manifest["spec"]): readonly PathSpec[] {
  const paths: readonly unknown[] = Array.isArray(spec?.paths) ? spec.paths : [];
  return paths.slice(0, mostPaths).map((path) => (path ?? {}) as PathSpec);
}

/** The Secret that a part of a manifest names. */
function secretIn(part: unknown): SecretName[] {
  const { secretRef } = (part ?? {}) as { readonly secretRef?: unknown };
  const { namespace, name } = (secretRef ?? {}) as Partial<Record<keyof SecretName, unknown>>;
  if (typeof namespace !== "string" || typeof name !== "string") return [];
  return isObjectName(namespace) && isObjectName(name) ? [{ namespace, name }] : [];
}
