import type { Problem } from "./result.ts";

/** The kinds of documents that ipman knows. */
export const kinds = ["IPSecConnection", "CharonGroup", "Secret"] as const;

export type Kind = (typeof kinds)[number];

/** A document as its source has it: not validated yet. */
export interface Resource {
  readonly kind: Kind;
  /** `name`, or `namespace/name` for kinds that live in namespaces. */
  readonly key: string;
  /** Where a person finds it: a file's name. */
  readonly source: string;
  readonly document: unknown;
}

/** A problem with where it is. */
export interface SourceProblem extends Problem {
  readonly source: string;
}

/** Everything that a source of desired state has at one moment. */
export interface Snapshot {
  readonly resources: readonly Resource[];
  /** Of what could not be read as documents at all. */
  readonly problems: readonly SourceProblem[];
  /** Secrets that may be there but cannot be read: their key → why. */
  readonly unreadable?: ReadonlyMap<string, string>;
}

/** The key of a document of that kind, as far as its metadata tells. */
export function resourceKey(kind: Kind, document: unknown): string | undefined {
  const metadata = (document as { metadata?: { name?: unknown; namespace?: unknown } }).metadata;
  if (typeof metadata?.name !== "string" || metadata.name === "") return undefined;
  if (kind === "IPSecConnection") return metadata.name;
  const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
  return `${namespace}/${metadata.name}`;
}
