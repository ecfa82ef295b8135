import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import { frontendFromSpec, type Frontend } from "./frontend.ts";
import type { CharonGroup } from "./schema/charon-group.ts";
import { mostPaths } from "./schema/ipsec-connection.ts";

/**
 * A charon and its node: that of a CharonGroup, or of one of its nodes, or the implicit group of a
 * connection's nodeName.
 */
export interface Group {
  /** `NAMESPACE/NAME`, `NAMESPACE/NAME@NODE` for a further node, or `node:NAME` for an implicit group. */
  readonly id: string;
  /** The namespace of the CharonGroup; empty for an implicit group. */
  readonly namespace: string;
  /** The name of the CharonGroup or of the node. */
  readonly name: string;
  readonly nodeName: string;
  /** Set for a node of a CharonGroup other than the one that it began with: objects have its name. */
  readonly isFurther?: true;
  /** Whether charon uses the node's network. */
  readonly hostNetwork: boolean;
  /** Whether charon's pod runs the legacy image. */
  readonly isLegacy: boolean;
  /** Annotations of charon's pod. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The Service in front of charon; undefined if the group has none. */
  readonly frontend: Frontend | undefined;
}

/** The id of the group that carries a connection; undefined if its manifest names none. */
export function groupIdOf({
  groupRef,
  nodeName,
}: Pick<Connection, "groupRef" | "nodeName">): string | undefined {
  if (groupRef === undefined) return nodeName === undefined ? undefined : impliedGroupId(nodeName);
  const { namespace, name, node } = groupRef;
  return node === undefined ? `${namespace}/${name}` : `${namespace}/${name}${nodeSign}${node}`;
}

/** Separates the name of a CharonGroup from that of a further node; neither contains it. */
const nodeSign = "@";

/** The CharonGroup, `NAMESPACE/NAME`, that a group belongs to; the id itself for an implicit group. */
export function declaredIdOf(groupId: string): string {
  return groupId.split(nodeSign, 1)[0] as string;
}

/** The part of a connection, or of its manifest, that says which groups carry its paths. */
export interface PlacedConnection extends Partial<Placement> {
  readonly paths?: readonly (Partial<Placement> & { readonly name: string })[];
}

/** The node or the CharonGroup that a manifest names for a connection or a path. */
export type Placement = Pick<Connection, "groupRef" | "nodeName">;

/** The ids of the groups that have a path of a connection, that of the connection itself first. */
export function groupIdsOf(connection: PlacedConnection): string[] {
  const own = groupIdOf(placeOf({}, connection));
  const found = new Set(placesOf(connection).flatMap((place) => groupIdOf(place) ?? []));
  if (own === undefined || !found.delete(own)) return [...found];
  return [own, ...found];
}

/** Whether several groups have paths of a connection: each child then has a gateway in each. */
export function hasSeveralGroups(connection: PlacedConnection): boolean {
  return groupIdsOf(connection).length > 1;
}

/** The id of the group that has a path of a connection; undefined if the manifest names none. */
export function groupIdOfPath(connection: PlacedConnection, name: string): string | undefined {
  const path = connection.paths?.find((declared) => declared.name === name);
  return groupIdOf(placeOf(path ?? {}, connection));
}

/** The node that has a path of a connection, as far as it is known. */
export function nodeOfPath(connection: PlacedConnection, name: string): string | undefined {
  const path = connection.paths?.find((declared) => declared.name === name);
  return placeOf(path ?? {}, connection).nodeName;
}

/** The place of each path of a connection; its own one if it declares no paths. */
export function placesOf(connection: PlacedConnection): Placement[] {
  const { paths = [] } = connection;
  const declared = paths.length === 0 ? [{}] : paths;
  return declared.map((path) => placeOf(path, connection));
}

/** The place of a path: its own one, or else that of its connection. */
export function placeOf(
  path: Partial<Placement>,
  { groupRef, nodeName }: Partial<Placement>,
): Placement {
  const isOwn = path.groupRef !== undefined || path.nodeName !== undefined;
  return isOwn ? { groupRef: path.groupRef, nodeName: path.nodeName } : { groupRef, nodeName };
}

/** The id of the implicit group of a node. */
export function impliedGroupId(nodeName: string): string {
  return `node:${nodeName}`;
}

/** The implicit group of a node. */
export function impliedGroup(nodeName: string): Group {
  const id = impliedGroupId(nodeName);
  return {
    id,
    namespace: "",
    name: nodeName,
    nodeName,
    hostNetwork: true,
    isLegacy: false,
    annotations: {},
    frontend: undefined,
  };
}

/** A CharonGroup as the API server has it, which may be invalid. */
export interface GroupManifest {
  readonly metadata?: unknown;
  readonly spec?: { readonly nodeName?: unknown; readonly nodeNames?: unknown } | undefined;
  readonly status?: unknown;
}

/** A node of a CharonGroup, which has a charon of its own there. */
export interface GroupNode {
  readonly nodeName: string;
  /**
   * Whether its objects have the name of the group alone, and its path is the main one: the node that
   * the group began with.
   */
  readonly isMain: boolean;
}

/**
 * The node that a group began with, whose path is the main one. The status keeps it, so that another
 * order of the nodes, or the removal of one, renames no path and no Deployment of the others.
 */
export function mainNodeOf({ spec, status }: GroupManifest): string | undefined {
  const { mainNode } = (status ?? {}) as { readonly mainNode?: unknown };
  if (typeof mainNode === "string" && mainNode !== "") return mainNode;
  return nodeNamesIn(spec)[0];
}

/** The nodes of a CharonGroup, the preferred one first, as far as its manifest can be read. */
export function nodesOfGroup(group: GroupManifest): readonly GroupNode[] {
  const main = mainNodeOf(group);
  return nodeNamesIn(group.spec).map((nodeName) => ({ nodeName, isMain: nodeName === main }));
}

function nodeNamesIn({ nodeName, nodeNames }: NonNullable<GroupManifest["spec"]> = {}): string[] {
  const all: readonly unknown[] = Array.isArray(nodeNames) ? nodeNames : [nodeName];
  const named = all.filter((name) => typeof name === "string" && name !== "") as string[];
  return [...new Set(named)].slice(0, mostPaths);
}

/** The groups of a CharonGroup manifest: one for each of its nodes, the preferred one first. */
export function groupsFromCr(manifest: CharonGroup): Group[] {
  const { metadata, spec } = manifest;
  const { namespace = "default", name } = metadata;
  const { hostNetwork, charonImage, charonExtraAnnotations: annotations = {} } = spec;
  const isLegacy = charonImage === "legacy";
  const frontend = frontendFromSpec(spec);
  return nodesOfGroup(manifest).map(({ nodeName, isMain }) => {
    const groupRef = { namespace, name, ...(!isMain && { node: nodeName }) };
    const id = groupIdOf({ groupRef, nodeName }) as string;
    const shared = { id, namespace, name, nodeName, hostNetwork, isLegacy, annotations, frontend };
    return isMain ? shared : { ...shared, isFurther: true };
  });
}

/** Every group: those declared, and the implicit ones of connections. */
export function groupsOf(
  declared: readonly CharonGroup[],
  connections: Iterable<PlacedConnection>,
): ReadonlyMap<string, Group> {
  const groups = new Map(declared.flatMap(groupsFromCr).map((group) => [group.id, group]));
  for (const { groupRef, nodeName } of [...connections].flatMap(placesOf)) {
    if (groupRef !== undefined || nodeName === undefined) continue;
    const id = impliedGroupId(nodeName);
    if (!groups.has(id)) groups.set(id, impliedGroup(nodeName));
  }
  return groups;
}

/** The parts for {@link nameFor} that name a group's objects. */
export function nameParts({ namespace, name, nodeName, isFurther }: Group): readonly string[] {
  if (namespace === "") return ["node", name];
  return isFurther === true ? [namespace, name, nodeName] : [namespace, name];
}

/** The longest name of a Deployment whose pods' names and labels still fit. */
const longestName = 52;
const digestLength = 8;

/**
 * A readable Kubernetes name that is unique for its parts: `gateway-partner-lan-3f2a90bc`.
 */
export function nameFor(role: string, ...parts: readonly string[]): string {
  const digest = digestOf(parts);
  const words = [role, ...parts].map(slug).filter((word) => word !== "");
  const room = longestName - digestLength - 1;
  return `${words.join("-").slice(0, room).replace(/-+$/, "")}-${digest}`;
}

/** A short digest that distinguishes lists of strings; valid as a label value. */
export function digestOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, digestLength);
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
