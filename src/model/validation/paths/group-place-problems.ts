import type { Connection } from "../../api/connection.ts";
import { groupIdOf, nodesOfGroup, type Placement } from "../../api/group.ts";
import { pathsOfGroup, type GroupManifests } from "../../groups/group-paths.ts";
import { isSingleHost } from "../../api/remote-address.ts";
import { problemAt, type Problem } from "../../api/result.ts";

/**
 * The problems of a connection, as it is declared, with the nodes of its CharonGroups. A group that
 * does not exist yet causes none.
 */
export function groupPlaceProblems(connection: Connection, groups: GroupManifests): Problem[] {
  const { remoteAddr, groupRef, paths } = connection;
  const isDivided = pathsOfGroup(connection, groups).length > 1;
  if (isDivided && !isSingleHost(remoteAddr)) {
    const group = `${groupRef?.namespace}/${groupRef?.name}`;
    const message = `"${remoteAddr}" is not a single host, which a connection with paths needs, and the CharonGroup ${group} makes a path on each of its nodes: use the peer's address, or a CharonGroup with nodeName`;
    return [{ path: "spec.remoteAddr", message }];
  }
  return paths.flatMap((path, i) =>
    problemAt(`spec.paths[${i}].nodeName`, nodeProblem(path, groups, paths)),
  );
}

function nodeProblem(
  { groupRef, nodeName }: Placement,
  groups: GroupManifests,
  paths: readonly Placement[],
): string | undefined {
  const id = groupRef && groupIdOf({ groupRef, nodeName });
  const group = groups.get(id);
  if (group === undefined) return undefined;
  const nodes = nodesOfGroup(group).map((node) => node.nodeName);
  const names = nodes.join(", ");
  if (nodeName === undefined) {
    if (nodes.length < 2) return undefined;
    return `is required, since the CharonGroup ${id} has several nodes: set groupRef and nodeName of the path, to one of ${names}; or remove spec.paths to have a path on each node`;
  }
  if (!nodes.includes(nodeName))
    return `"${nodeName}" is not a node of the CharonGroup ${id}: use one of ${names}, or remove nodeName or groupRef`;
  const isMixed = paths.some((path) => path.nodeName === undefined && groupIdOf(path) === id);
  if (nodes.length > 1 || !isMixed) return undefined;
  return `another path is in the CharonGroup ${id} and names no node: set nodeName in each of these paths, or in none`;
}
