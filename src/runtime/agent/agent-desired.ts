import { auditTime, filter, map, merge, startWith, tap, type Observable } from "rxjs";
import type { Declared } from "../../adapters/kubernetes/declared.ts";
import type { NamedSecrets } from "../../adapters/kubernetes/named-secrets.ts";
import {
  declaredGroups,
  declaredSecrets,
  type SecretName,
} from "../../model/kubernetes/declared-secret.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { resourceKey, type Resource, type Snapshot } from "../../model/api/resource.ts";

/** Milliseconds within which several changes lead to one snapshot. */
const gatherMs = 10;

/**
 * The manifests of one group from the API server: the connections of which it has a path, the
 * CharonGroups, and the Secrets of these paths. The first snapshot is emitted once all of them are known.
 */
export function agentDesired(
  declared: Declared,
  secrets: NamedSecrets,
  groupId: string,
): Observable<Snapshot> {
  return merge(declared.changes, secrets.changes).pipe(
    startWith(undefined),
    auditTime(gatherMs),
    filter(() => declared.synced),
    map(() => declared.snapshot().resources.filter((resource) => concerns(resource, groupId))),
    tap((resources) => secrets.want(resources.flatMap((resource) => secretsOf(resource, groupId)))),
    filter(() => secrets.settled),
    map((resources) => ({
      resources: [...resources, ...secrets.objects.map(secretResource)],
      problems: [],
      unreadable: secrets.unreadable,
    })),
  );
}

function concerns({ kind, document }: Resource, groupId: string): boolean {
  return kind !== "IPSecConnection" || declaredGroups(document as KubeObject).includes(groupId);
}

function secretsOf({ kind, document }: Resource, groupId: string): SecretName[] {
  return kind === "IPSecConnection" ? declaredSecrets(document as KubeObject, groupId) : [];
}

function secretResource(document: KubeObject): Resource {
  const key = resourceKey("Secret", document) ?? "";
  return { kind: "Secret", key, source: `Secret ${key}`, document };
}
