import { filter, map, merge, type Observable } from "rxjs";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import type { Resource, Snapshot } from "../../model/api/resource.ts";
import type { KubeClient } from "./client/kube-client.ts";
import { resourceTypes } from "./client/resource-type.ts";
import { ObjectStore, type Change } from "./client/object-store.ts";
import type { WatchOptions } from "./client/watch.ts";

/** The declared part of an object, without what the API server and other programs add. */
function declaredPart(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object as KubeObject & {
    spec?: unknown;
    status?: unknown;
  };
  const { name, namespace, uid, generation, creationTimestamp, resourceVersion } = metadata;
  const kept = { name, namespace, uid, generation, creationTimestamp, resourceVersion };
  const given = Object.entries(kept).filter(([, value]) => value !== undefined);
  return {
    apiVersion,
    kind,
    metadata: Object.fromEntries(given),
    ...rest,
  } as unknown as KubeObject;
}

/** The connections and groups in the API. */
export class Declared implements Disposable {
  readonly connections: ObjectStore<KubeObject>;
  readonly groups: ObjectStore<KubeObject>;
  /** By kind and key; a change of the status alone keeps the resource object. */
  readonly #resources = new Map<string, Resource>();

  constructor(client: KubeClient, options: WatchOptions) {
    const trimmed = { ...options, trim: declaredPart };
    this.connections = new ObjectStore(client, { type: resourceTypes.IPSecConnection }, trimmed);
    this.groups = new ObjectStore(client, { type: resourceTypes.CharonGroup }, trimmed);
  }

  get synced(): boolean {
    return this.connections.synced && this.groups.synced;
  }

  /** Emits after each change of a declaration. */
  get changes(): Observable<void> {
    return merge(this.connections.changes, this.groups.changes).pipe(
      filter(isDeclaration),
      map(() => undefined),
    );
  }

  /** All resources in the order of their creation: of two that conflict, the older one stays valid. */
  snapshot(): Snapshot {
    const objects = [
      ...[...this.connections.objects].map(([key, object]) => ({ key, object })),
      ...[...this.groups.objects].map(([key, object]) => ({ key, object })),
    ];
    const resources = objects
      .toSorted((a, b) => compare(ageOf(a.object), ageOf(b.object)) || compare(a.key, b.key))
      .map(({ key, object }) => this.#resource(key, object));
    const known = new Set(resources.map(({ kind, key }) => `${kind} ${key}`));
    for (const id of this.#resources.keys()) if (!known.has(id)) this.#resources.delete(id);
    return { resources, problems: [] };
  }

  [Symbol.dispose](): void {
    this.connections[Symbol.dispose]();
    this.groups[Symbol.dispose]();
  }

  #resource(key: string, object: KubeObject): Resource {
    const kind = object.kind as Resource["kind"];
    const id = `${kind} ${key}`;
    const before = this.#resources.get(id);
    if (before !== undefined && sameDocument(before.document as KubeObject, object)) return before;
    const { status: _, ...declared } = object as KubeObject & { status?: unknown };
    const document = { ...declared, ...keptStatus(object) };
    const resource = { kind, key, source: `${kind} ${key}`, document };
    this.#resources.set(id, resource);
    return resource;
  }
}

/** The parts of a group's status that belong to its declaration, as paths of its nodes have their names by them. */
function keptStatus(object: KubeObject): { readonly status?: { readonly mainNode: string } } {
  const { status } = object as { readonly status?: { readonly mainNode?: string } };
  const { mainNode } = status ?? {};
  const isKept = object.kind === "CharonGroup" && mainNode !== undefined;
  return isKept ? { status: { mainNode } } : {};
}

/** Whether a change may affect a declaration; a change of the status does not. */
function isDeclaration(change: Change<KubeObject>): boolean {
  if (change.type !== "put") return change.type !== "progress";
  return change.before === undefined || !sameDocument(change.before, change.object);
}

/** The generation counts the changes of the declaration only. */
function sameDocument(a: KubeObject, b: KubeObject): boolean {
  const [kept, other] = [keptStatus(a), keptStatus(b)];
  return (
    a.metadata.uid === b.metadata.uid &&
    a.metadata.generation === b.metadata.generation &&
    kept.status?.mainNode === other.status?.mainNode
  );
}

function ageOf({ metadata }: KubeObject): string {
  return metadata.creationTimestamp ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
