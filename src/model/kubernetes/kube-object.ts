import { annotation } from "./labels.ts";

/** The part of ObjectMeta that ipman reads. */
export interface KubeMeta {
  readonly name: string;
  /** The prefix from which the server generated the name. */
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

/** `namespace/name`, or the name alone for kinds without a namespace. */
export function objectKey({ namespace, name }: Pick<KubeMeta, "namespace" | "name">): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The name and these fields of an object's metadata, as far as it has them. */
export function metaWith(metadata: KubeMeta, ...fields: readonly (keyof KubeMeta)[]): KubeMeta {
  const present = fields.filter((field) => metadata[field] !== undefined);
  const kept = Object.fromEntries(present.map((field) => [field, metadata[field]]));
  return { name: metadata.name, ...kept };
}

/** A page of a collection; its items may lack apiVersion and kind. */
export interface KubeList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null if the page is empty and only metadata was requested. */
  readonly items: readonly { readonly metadata: KubeMeta }[] | null;
}

/** An object without its managedFields, which are often the largest part of it. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as KubeMeta & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
}

/**
 * Whether an object was made from the wanted one. Fields that other programs changed since, as
 * controllers of load balancers do, are not compared.
 */
export function hasDigestOf(actual: KubeObject, wanted: KubeObject): boolean {
  const [made, want] = [actual, wanted].map(
    ({ metadata }) => metadata.annotations?.[annotation.digest],
  );
  return want !== undefined && made === want;
}
