import type { Problem } from "./result.ts";

/** The kinds of manifests that ipman reads. */
export const kinds = ["IPSecConnection", "CharonGroup", "Secret"] as const;

export type Kind = (typeof kinds)[number];

/** A manifest from its source, not validated yet. */
export interface Resource {
  readonly kind: Kind;
  /** `name`, or `namespace/name` for namespaced kinds. */
  readonly key: string;
  /** The place of the manifest for messages, such as a file name. */
  readonly source: string;
  readonly document: unknown;
}

/** A problem with the source of its manifest. */
export interface SourceProblem extends Problem {
  readonly source: string;
}

/** The content of a source of desired state at one moment. */
export interface Snapshot {
  readonly resources: readonly Resource[];
  /** The problems of sources that cannot be read as manifests. */
  readonly problems: readonly SourceProblem[];
  /** Secrets that may exist but cannot be read: their key → the cause. */
  readonly unreadable?: ReadonlyMap<string, string>;
}

/** The key of a manifest of that kind; undefined without a name. */
export function resourceKey(kind: Kind, document: unknown): string | undefined {
  const metadata = (document as { metadata?: { name?: unknown; namespace?: unknown } }).metadata;
  if (typeof metadata?.name !== "string" || metadata.name === "") return undefined;
  if (kind === "IPSecConnection") return metadata.name;
  const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
  return `${namespace}/${metadata.name}`;
}
