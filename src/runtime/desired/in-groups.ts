import type { Connection, Path } from "../../model/api/connection.ts";
import { frontendFromSpec } from "../../model/api/frontend.ts";
import {
  groupIdOf,
  groupIdOfPath,
  hasSeveralGroups,
  type Placement,
} from "../../model/api/group.ts";
import type { CharonGroup } from "../../model/api/schema/charon-group.ts";
import { Memo } from "../../model/value/memo.ts";

/** The declared CharonGroups by `NAMESPACE/NAME`. */
export type CharonGroups = ReadonlyMap<string | undefined, CharonGroup>;

type BoundPlacement = Placement & Pick<Path, "interfaceName" | "behindFrontend">;

const placed = new Memo<Connection, Connection>();

/**
 * The connection with the interfaces, the nodes and the frontends of its groups. For an agent it also has the names
 * of the paths that are in the agent's group, if others are elsewhere.
 */
export function inGroups(
  connection: Connection,
  groups: CharonGroups,
  agent: string | undefined,
): Connection {
  const places = [connection, ...connection.paths];
  const isMoved = agent !== undefined && hasSeveralGroups(connection);
  if (!isMoved && places.every(({ groupRef }) => groupRef === undefined)) return connection;
  const [own, ...ofPaths] = places.map((place) => inGroup(place, groups));
  const facts = [own, ...ofPaths].flatMap((place) => [
    place?.interfaceName,
    place?.nodeName,
    place?.behindFrontend,
  ]);
  return placed.of(connection, [agent, ...facts], () => {
    const paths = connection.paths.map((path, i) => ({ ...path, ...ofPaths[i] }));
    const resolved = { ...connection, ...own, paths };
    return agent === undefined ? resolved : onGroup(resolved, agent);
  });
}

/** The node, the interface and the frontend of a place, from its group if it names one. */
function inGroup(
  { groupRef, nodeName, interfaceName, behindFrontend }: BoundPlacement,
  groups: CharonGroups,
): BoundPlacement {
  if (groupRef === undefined) return { groupRef, nodeName, interfaceName, behindFrontend };
  const group = groups.get(groupIdOf({ groupRef, nodeName }));
  return {
    groupRef,
    nodeName: nodeName ?? group?.spec.nodeName,
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
