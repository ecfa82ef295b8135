import { auditTime, filter, map, merge, startWith, tap, type Observable } from "rxjs";
import type { Declared } from "../../adapters/kubernetes/declared.ts";
import type { NamedSecrets } from "../../adapters/kubernetes/named-secrets.ts";
import { groupIdOf } from "../../model/group.ts";
import type { KubeObject } from "../../model/kube-object.ts";
import { resourceKey, type Resource, type Snapshot } from "../../model/resource.ts";
import type { IPSecConnectionSpec } from "../../model/schema/ipsec-connection.ts";

/** Changes that come close together are one. */
const gatherMs = 10;

/**
 * What the API server declares for one group: its connections, the CharonGroups, and the
 * Secrets that those connections name. Nothing is told before all of it is known.
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
    tap((resources) => secrets.want(resources.flatMap(secretNameOf))),
    filter(() => secrets.settled),
    map((resources) => ({
      resources: [...resources, ...secrets.objects.map(secretResource)],
      problems: [],
      unreadable: secrets.unreadable,
    })),
  );
}

function concerns({ kind, document }: Resource, groupId: string): boolean {
  if (kind !== "IPSecConnection") return true;
  const { metadata, spec } = document as KubeObject & { spec?: Partial<IPSecConnectionSpec> };
  if (metadata.deletionTimestamp !== undefined) return false;
  return groupIdOf({ groupRef: spec?.groupRef, nodeName: spec?.nodeName }) === groupId;
}

/** Of documents that may have problems, what can be read of the reference. */
function secretNameOf({ kind, document }: Resource): { namespace: string; name: string }[] {
  if (kind !== "IPSecConnection") return [];
  const { spec } = document as { spec?: Partial<IPSecConnectionSpec> };
  const { namespace, name } = spec?.secretRef ?? {};
  return typeof namespace === "string" && typeof name === "string" ? [{ namespace, name }] : [];
}

function secretResource(document: KubeObject): Resource {
  const key = resourceKey("Secret", document) ?? "";
  return { kind: "Secret", key, source: `Secret ${key}`, document };
}
