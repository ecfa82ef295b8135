import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import { frontendFromSpec, type Frontend } from "./frontend.ts";
import type { CharonGroup } from "./schema/charon-group.ts";

/** A charon and its node: a CharonGroup, or the implicit group of a connection's nodeName. */
export interface Group {
  /** `NAMESPACE/NAME`, or `node:NAME` for an implicit group. */
  readonly id: string;
  /** The namespace of the CharonGroup; empty for an implicit group. */
  readonly namespace: string;
  /** The name of the CharonGroup or of the node. */
  readonly name: string;
  readonly nodeName: string;
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
  if (groupRef !== undefined) return `${groupRef.namespace}/${groupRef.name}`;
  return nodeName === undefined ? undefined : impliedGroupId(nodeName);
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

/** The group of a CharonGroup manifest. */
export function groupFromCr({ metadata, spec }: CharonGroup): Group {
  const { namespace = "default", name } = metadata;
  const { nodeName, hostNetwork, charonImage, charonExtraAnnotations: annotations = {} } = spec;
  const id = `${namespace}/${name}`;
  const isLegacy = charonImage === "legacy";
  const frontend = frontendFromSpec(spec);
  return { id, namespace, name, nodeName, hostNetwork, isLegacy, annotations, frontend };
}

/** Every group: those declared, and the implicit ones of connections. */
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

/** The parts for {@link nameFor} that name a group's objects. */
export function nameParts({ namespace, name }: Group): readonly string[] {
  return namespace === "" ? ["node", name] : [namespace, name];
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
