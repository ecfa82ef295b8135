import type { Connection } from "../../api/connection.ts";
import { groupIdOf, groupIdOfPath, groupIdsOf } from "../../api/group.ts";

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
  return groupIdsOf(connection).map((groupId) => {
    const isOwn = groupId === groupIdOf(connection);
    const i = isOwn
      ? -1
      : paths.findIndex(({ name }) => groupIdOfPath(connection, name) === groupId);
    const { groupRef } = paths[i] ?? connection;
    const at = i < 0 ? "spec" : `spec.paths[${i}]`;
    return { groupId, at, field: groupRef === undefined ? "nodeName" : "groupRef" };
  });
}
