import type { Connection } from "../../model/api/connection.ts";
import { declaredIdOf, groupIdOf, groupIdOfPath, groupIdsOf } from "../../model/api/group.ts";
import type { Problem } from "../../model/api/result.ts";
import { declaredPlaces } from "../../model/validation/paths/declared-places.ts";
import { floatingField, onOneNode } from "../../model/validation/paths/floating-problems.ts";
import type { CharonGroups } from "./in-groups.ts";

/** In a cluster a connection has to name its node or its group, or each of its paths has to. */
export function placeProblems(connection: Connection): Problem[] {
  const { paths } = connection;
  if (groupIdOf(connection) !== undefined) return [];
  const placeless = paths.findIndex((path) => groupIdOf(path) === undefined);
  if (paths.length > 0 && placeless < 0) return [];
  if (placeless >= 0 && groupIdsOf(connection).length > 0) {
    const message =
      "is required, or groupRef is, since the connection has neither: set one of them to choose the node of the path";
    return [{ path: `spec.paths[${placeless}].nodeName`, message }];
  }
  const message =
    "is required, or groupRef is: set one of them to choose the node that carries the tunnel";
  return [{ path: "spec.nodeName", message }];
}

/**
 * The problems of a floating address with the nodes of a connection: charon has to be on the network of each,
 * and there have to be several. A group that does not exist yet causes none.
 */
export function floatingPlaceProblems(connection: Connection, groups: CharonGroups): Problem[] {
  if (connection.floating === undefined) return [];
  const places = declaredPlaces(connection);
  const [place] = places;
  const isOnOneNode = places.length === 1 && groups.has(declaredIdOf(place?.groupId ?? ""));
  return [
    ...(isOnOneNode ? [{ path: floatingField, message: onOneNode }] : []),
    ...places.flatMap(({ groupId, at }, i) => {
      const group = declaredIdOf(groupId);
      if (groups.get(group)?.spec.hostNetwork !== false) return [];
      // The nodes of a group that makes the paths have one field.
      if (places.findIndex((one) => one.at === at) < i) return [];
      const message = `the CharonGroup ${group} has hostNetwork: false, and the floating address belongs to the network of the node: use a group with hostNetwork: true, or remove floatingAddr`;
      return [{ path: `${at}.groupRef`, message }];
    }),
  ];
}

/** On a host all paths of a connection are on that host. */
export function hostProblems(connection: Connection): Problem[] {
  const { paths, floating } = connection;
  const [first] = paths;
  if (first === undefined) {
    const message = "moves between nodes, which needs a cluster: on a host, use localAddr instead";
    return floating === undefined ? [] : [{ path: floatingField, message }];
  }
  const host = groupIdOfPath(connection, first.name);
  return paths.flatMap((path, i) => {
    if (groupIdOfPath(connection, path.name) === host) return [];
    const field = path.groupRef === undefined ? "nodeName" : "groupRef";
    const message = `the path is on another node than the path ${first.name}, which needs a cluster: on a host, remove nodeName and groupRef from the paths`;
    return [{ path: `spec.paths[${i}].${field}`, message }];
  });
}
