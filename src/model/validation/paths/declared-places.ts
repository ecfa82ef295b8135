import type { Connection } from "../../api/connection.ts";
import { declaredIdOf, groupIdOf, groupIdOfPath, groupIdsOf } from "../../api/group.ts";

/** A group of a connection, with the part of the manifest that names it. */
export interface DeclaredGroupPlace {
  readonly groupId: string;
  /** `spec`, or that of the first path in the group. */
  readonly at: string;
  readonly field: "nodeName" | "groupRef";
}

/** The groups that have paths of a connection, each with the field that names it. */
export function declaredPlaces(connection: Connection): DeclaredGroupPlace[] {
  const { paths } = connection;
  const own = groupIdOf(connection);
  return groupIdsOf(connection).map((groupId) => {
    // The paths that a CharonGroup makes are not in the manifest.
    const isOwn = own !== undefined && declaredIdOf(groupId) === declaredIdOf(own);
    const i = isOwn
      ? -1
      : paths.findIndex(({ name }) => groupIdOfPath(connection, name) === groupId);
    const { groupRef } = paths[i] ?? connection;
    const at = i < 0 ? "spec" : `spec.paths[${i}]`;
    return { groupId, at, field: groupRef === undefined ? "nodeName" : "groupRef" };
  });
}
