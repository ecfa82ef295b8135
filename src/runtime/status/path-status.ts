import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import { hasSeveralPaths, pathConnections } from "../../model/api/path.ts";
import type { PathRole, PathStatus } from "../../model/status/status.ts";

const noPaths: readonly PathStatus[] = [];

/** The status of each path of a connection that has several; none of a connection with one path. */
export function pathStatuses({ context }: Pick<ConnectionSnapshot, "context">) {
  const { connection, paths, active, dialled, chosen } = context;
  // Before the choice, another path may carry the traffic than the one that is dialled first.
  if (!hasSeveralPaths(connection) || !chosen) return noPaths;
  return pathConnections(connection).flatMap(({ path: name, connection: { remoteAddr } }) => {
    const view = paths.find(({ path }) => path === name);
    if (view === undefined) return [];
    const { state, failure } = view;
    const role: PathRole = name === active ? "active" : name === dialled ? "dialled" : "standby";
    return [{ name, role, state, remote: remoteAddr, failure }];
  });
}
