import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import type { CharonGroup } from "./schema/charon-group.ts";

/** A charon and where it runs: a CharonGroup, or the one that a connection's nodeName implies. */
export interface Group {
  /** `NAMESPACE/NAME`, or `node:NAME` where it is implied. */
  readonly id: string;
  /** Of the CharonGroup; empty where it is implied. */
  readonly namespace: string;
  /** Of the CharonGroup, or of the node. */
  readonly name: string;
  readonly nodeName: string;
  /** Whether charon uses the node's network. */
  readonly hostNetwork: boolean;
  /** Annotations of charon's pod. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** The id of the group that carries a connection; undefined where the document names none. */
export function groupIdOf({
  groupRef,
  nodeName,
}: Pick<Connection, "groupRef" | "nodeName">): string | undefined {
  if (groupRef !== undefined) return `${groupRef.namespace}/${groupRef.name}`;
  return nodeName === undefined ? undefined : impliedGroupId(nodeName);
}

export function impliedGroupId(nodeName: string): string {
  return `node:${nodeName}`;
}

/** The group that a nodeName stands for. */
export function impliedGroup(nodeName: string): Group {
  const id = impliedGroupId(nodeName);
  return { id, namespace: "", name: nodeName, nodeName, hostNetwork: true, annotations: {} };
}

export function groupFromCr({ metadata, spec }: CharonGroup): Group {
  const { namespace = "default", name } = metadata;
  const { nodeName, hostNetwork, charonExtraAnnotations = {} } = spec;
  const id = `${namespace}/${name}`;
  return { id, namespace, name, nodeName, hostNetwork, annotations: charonExtraAnnotations };
}

/** Every group that there is to be: those declared, and those that connections imply. */
export function groupsOf(
  declared: readonly CharonGroup[],
  connections: Iterable<Pick<Connection, "groupRef" | "nodeName">>,
): ReadonlyMap<string, Group> {
  const groups = new Map(declared.map(groupFromCr).map((group) => [group.id, group]));
  for (const { groupRef, nodeName } of connections) {
    if (groupRef !== undefined || nodeName === undefined) continue;
    const id = impliedGroupId(nodeName);
    if (!groups.has(id)) groups.set(id, impliedGroup(nodeName));
  }
  return groups;
}

/** What {@link nameFor} makes the names of a group's objects of. */
export function nameParts({ namespace, name }: Group): readonly string[] {
  return namespace === "" ? ["node", name] : [namespace, name];
}

/** Longest name that is good for a Deployment, since its pods' names and labels hold it. */
const longestName = 52;
const digestLength = 8;

/**
 * A Kubernetes name that people recognise and that no other parts give:
 * `gateway-partner-lan-3f2a90bc`.
 */
export function nameFor(role: string, ...parts: readonly string[]): string {
  const digest = digestOf(parts);
  const words = [role, ...parts].map(slug).filter((word) => word !== "");
  const room = longestName - digestLength - 1;
  return `${words.join("-").slice(0, room).replace(/-+$/, "")}-${digest}`;
}

/** A short digest that tells lists of strings apart; good as a label's value. */
export function digestOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, digestLength);
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
