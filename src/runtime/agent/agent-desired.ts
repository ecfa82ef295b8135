import { auditTime, filter, map, merge, startWith, tap, type Observable } from "rxjs";
import type { Declared } from "../../adapters/kubernetes/declared.ts";
import type { NamedSecrets } from "../../adapters/kubernetes/named-secrets.ts";
import { declaredGroups, declaredSecrets } from "../../model/kubernetes/declared-secret.ts";
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
    map(() =>
      declared.snapshot().resources.filter((resource) => concerns(resource, groupId, declared)),
    ),
    tap((resources) =>
      secrets.want(resources.flatMap((resource) => secretsOf(resource, groupId, declared))),
    ),
    filter(() => secrets.settled),
    map((resources) => ({
      resources: [...resources, ...secrets.objects.map(secretResource)],
      problems: [],
      unreadable: secrets.unreadable,
    })),
  );
}

type Groups = Pick<Declared, "groups">;

function concerns({ kind, document }: Resource, groupId: string, { groups }: Groups): boolean {
  const manifest = document as KubeObject;
  return kind !== "IPSecConnection" || declaredGroups(manifest, groups.objects).includes(groupId);
}

function secretsOf({ kind, document }: Resource, groupId: string, { groups }: Groups) {
  if (kind !== "IPSecConnection") return [];
  return declaredSecrets(document as KubeObject, groupId, groups.objects);
}

function secretResource(document: KubeObject): Resource {
  const key = resourceKey("Secret", document) ?? "";
  return { kind: "Secret", key, source: `Secret ${key}`, document };
}
