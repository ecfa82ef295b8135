/** The part of ObjectMeta that ipman reads of an object from the API server. */
export interface KubeMeta {
  readonly name: string;
  /** What the server made the name from. */
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Any object of the API. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMeta;
}

/** `namespace/name`, or the name alone of kinds that live in no namespace. */
export function objectKey({ namespace, name }: Pick<KubeMeta, "namespace" | "name">): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A page of a collection; its items may lack apiVersion and kind. */
export interface KubeList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null where there is none and only metadata was asked for. */
  readonly items: readonly { readonly metadata: KubeMeta }[] | null;
}

/** An object without the record of who wrote which field: it is often most of it. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as KubeMeta & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}
