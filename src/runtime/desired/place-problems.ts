import type { Connection } from "../../model/api/connection.ts";
import { declaredIdOf, groupIdOf, groupIdOfPath, groupIdsOf } from "../../model/api/group.ts";
import type { Problem } from "../../model/api/result.ts";
import { declaredPlaces } from "../../model/validation/paths/declared-places.ts";
import { floatsOnOneNode } from "../../model/validation/paths/floating-problems.ts";
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
 * A floating address is one of the node: charon has to be on the node's network. The groups have to have
 * several nodes; one that does not exist yet causes no problem in a cluster.
 */
export function floatingPlaceProblems(
  connection: Connection,
  groups: CharonGroups,
  severalNodes: boolean,
): Problem[] {
  if (connection.floating === undefined) return [];
  const places = declaredPlaces(connection).map((place) => {
    return { ...place, declaredId: declaredIdOf(place.groupId) };
  });
  const isOpen =
    severalNodes &&
    places.some(({ field, declaredId }) => field === "groupRef" && !groups.has(declaredId));
  const isAlone = places.length < 2 && !isOpen;
  return [
    ...(isAlone ? [{ path: "spec.failover.floatingAddr", message: floatsOnOneNode }] : []),
    ...places.flatMap(({ declaredId, at }) => {
      if (groups.get(declaredId)?.spec.hostNetwork !== false) return [];
      const message = `the CharonGroup ${declaredId} has hostNetwork: false, and the floating address belongs to the network of the node: use a group with hostNetwork: true, or remove floatingAddr`;
      return [{ path: `${at}.groupRef`, message }];
    }),
  ];
}

/** On a host all paths of a connection are on that host. */
export function hostProblems(connection: Connection): Problem[] {
  const { paths } = connection;
  const [first] = paths;
  if (first === undefined) return [];
  const host = groupIdOfPath(connection, first.name);
  return paths.flatMap((path, i) => {
    if (groupIdOfPath(connection, path.name) === host) return [];
    const field = path.groupRef === undefined ? "nodeName" : "groupRef";
    const message = `the path is on another node than the path ${first.name}, which needs a cluster: on a host, remove nodeName and groupRef from the paths`;
    return [{ path: `spec.paths[${i}].${field}`, message }];
  });
}
