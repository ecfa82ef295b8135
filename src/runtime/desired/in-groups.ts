import type { Connection, Path } from "../../model/api/connection.ts";
import { frontendFromSpec } from "../../model/api/frontend.ts";
import { pathsOfGroup, resolvedPlace, type MadePath } from "../../model/groups/group-paths.ts";
import {
  declaredIdOf,
  groupIdOf,
  groupIdOfPath,
  hasSeveralGroups,
  type Placement,
} from "../../model/api/group.ts";
import type { CharonGroup } from "../../model/api/schema/charon-group.ts";
import { Memo } from "../../model/value/memo.ts";

/** The declared CharonGroups by `NAMESPACE/NAME`. */
export type CharonGroups = ReadonlyMap<string | undefined, CharonGroup>;

/** The place in which a connection and its groups apply. */
export interface InGroupsPlace {
  /** The group of the agent that reads the manifests; undefined for the operator and on a host. */
  readonly groupId: string | undefined;
  /** Whether a path may be on another node: a group of several nodes then makes a path of each. */
  readonly severalNodes: boolean;
}

type BoundPlacement = Placement & Pick<Path, "interfaceName" | "behindFrontend">;

const divided = new Memo<Connection, Connection>();
const placed = new Memo<Connection, Connection>();

/**
 * The connection with the paths that its group makes, and with the interfaces, the nodes and the
 * frontends of its groups. For an agent it also has the names of the paths that are in the agent's
 * group, if others are elsewhere.
 */
export function inGroups(
  declared: Connection,
  groups: CharonGroups,
  { groupId: agent, severalNodes }: InGroupsPlace,
): Connection {
  const connection = severalNodes ? withMadePaths(declared, groups) : declared;
  const places = [connection, ...connection.paths];
  const isMoved = agent !== undefined && hasSeveralGroups(connection);
  if (!isMoved && places.every(({ groupRef }) => groupRef === undefined)) return connection;
  const [own, ...ofPaths] = places.map((place) => inGroup(place, groups));
  const facts = [own, ...ofPaths].flatMap((place) => [
    place?.interfaceName,
    place && groupIdOf(place),
    place?.nodeName,
    place?.behindFrontend,
  ]);
  return placed.of(connection, [agent, ...facts], () => {
    const paths = connection.paths.map((path, i) => ({ ...path, ...ofPaths[i] }));
    const resolved = { ...connection, ...own, paths };
    return agent === undefined ? resolved : onGroup(resolved, agent);
  });
}

/** The connection with a path on each node of its group, if the group makes them. */
function withMadePaths(connection: Connection, groups: CharonGroups): Connection {
  const made = pathsOfGroup(connection, groups);
  if (made.length === 0) return connection;
  const facts = made.flatMap(({ name, nodeName }) => [name, nodeName]);
  return divided.of(connection, facts, () => {
    return { ...connection, paths: made.map((path) => pathFrom(path, connection)) };
  });
}

/**
 * The path that a group makes. It has the identity of all others, and a peer that allows one IKE SA
 * for an identity would end that of the active path if another one stood by with an IKE SA.
 */
function pathFrom({ name, groupRef, nodeName }: MadePath, connection: Connection): Path {
  const { remoteAddr, remoteAddress, localAddr, localId, remoteId, secretRef } = connection;
  const { extra, interfaceName, behindFrontend } = connection;
  return {
    name,
    standby: "cold",
    remoteAddr,
    remoteAddress,
    localAddr,
    localId,
    remoteId,
    secretRef,
    extra,
    groupRef,
    nodeName,
    interfaceName,
    behindFrontend,
  };
}

/** The node, the interface and the frontend of a place, from its group if it names one. */
function inGroup(
  { groupRef, nodeName, interfaceName, behindFrontend }: BoundPlacement,
  groups: CharonGroups,
): BoundPlacement {
  if (groupRef === undefined) return { groupRef, nodeName, interfaceName, behindFrontend };
  const group = groups.get(declaredIdOf(groupIdOf({ groupRef, nodeName }) as string));
  return {
    ...resolvedPlace({ groupRef, nodeName }, groups),
    interfaceName: group?.spec.interfaceName,
    // On the node's network, ESP reaches charon without a Service as well.
    behindFrontend: group?.spec.hostNetwork === false && frontendFromSpec(group.spec) !== undefined,
  };
}

/** The connection with the interface of one of its groups, and with the paths of that group. */
function onGroup(connection: Connection, groupId: string): Connection {
  const { paths } = connection;
  const pathsHere = paths.filter(({ name }) => groupIdOfPath(connection, name) === groupId);
  const [first] = pathsHere;
  if (first === undefined) return connection;
  const { interfaceName } = first;
  if (pathsHere.length === paths.length) return { ...connection, interfaceName };
  return { ...connection, interfaceName, here: pathsHere.map(({ name }) => name) };
}
