import {
  digestOf,
  groupIdOf,
  nodesOfGroup,
  placeOf,
  type GroupManifest,
  type GroupNode,
  type PlacedConnection,
  type Placement,
} from "../api/group.ts";
import { mainPath } from "../api/path.ts";

/** The CharonGroups by `NAMESPACE/NAME`. */
export type GroupManifests = ReadonlyMap<string | undefined, GroupManifest>;

/** The longest name of a path. */
const longestName = 40;

/** The name of the path on a node: the node's, unless it is too long or that of the main path. */
export function pathNameOn({ nodeName, isMain }: GroupNode): string {
  if (isMain) return mainPath;
  if (nodeName.length <= longestName && nodeName !== mainPath) return nodeName;
  const digest = digestOf([nodeName]);
  return `${nodeName.slice(0, longestName - digest.length - 1).replace(/[-.]+$/, "")}-${digest}`;
}

/**
 * The place of a path or of a connection with its node. A place that names a group of several nodes
 * and none of them stays as it is.
 */
export function resolvedPlace(
  { groupRef, nodeName }: Placement,
  groups: GroupManifests,
): Placement {
  if (groupRef === undefined) return { groupRef, nodeName };
  const { namespace, name } = groupRef;
  const group = groups.get(`${namespace}/${name}`);
  const nodes = group === undefined ? undefined : nodesOfGroup(group);
  const [only] = nodes?.length === 1 ? nodes : [];
  const chosen = nodeName === undefined ? only : nodes?.find((node) => node.nodeName === nodeName);
  if (chosen !== undefined) return placeOn(chosen, groupRef);
  return nodeName === undefined
    ? { groupRef, nodeName }
    : placeOn({ nodeName, isMain: false }, groupRef);
}

function placeOn(
  { nodeName, isMain }: GroupNode,
  groupRef: NonNullable<Placement["groupRef"]>,
): Placement {
  const { namespace, name } = groupRef;
  return { groupRef: { namespace, name, ...(!isMain && { node: nodeName }) }, nodeName };
}

/** The path that a CharonGroup makes for a connection on one of its nodes. */
export interface MadePath extends Placement {
  readonly name: string;
}

/**
 * The paths that a CharonGroup makes for a connection that declares none: one on each of its nodes.
 * None if the group has only the node that it began with.
 */
export function pathsOfGroup(
  connection: PlacedConnection,
  groups: GroupManifests,
): readonly MadePath[] {
  const { groupRef, paths = [] } = connection;
  if (groupRef === undefined || paths.length > 0) return [];
  const group = groups.get(groupIdOf(placeOf({}, { groupRef })));
  const nodes = group === undefined ? [] : nodesOfGroup(group);
  if (nodes.every(({ isMain }) => isMain)) return [];
  return nodes.map((node) => ({ name: pathNameOn(node), ...placeOn(node, groupRef) }));
}

/** A path of a manifest with its place. */
export interface PlacedPath extends MadePath {
  /** The Secret that the path names, if it is not that of the connection. */
  readonly secretRef?: unknown;
}

/** The places of a manifest: that of each path, also of those that its group makes. */
export function placedManifest(
  connection: Partial<Placement> & {
    readonly paths: readonly (Partial<Placement> & Omit<PlacedPath, keyof Placement>)[];
  },
  groups: GroupManifests,
): Placement & { readonly paths: readonly PlacedPath[] } {
  const own = resolvedPlace(placeOf({}, connection), groups);
  const made = pathsOfGroup(connection, groups);
  const declared = connection.paths.map((path) => ({
    ...path,
    ...resolvedPlace(placeOf(path, connection), groups),
  }));
  return { ...own, paths: made.length > 0 ? made : declared };
}
