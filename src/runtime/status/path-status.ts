import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { PathSwitched } from "../../machines/connection/connection-types.ts";
import { stateElsewhere } from "../../machines/connection/elsewhere.ts";
import { hasSeveralGroups, nodeOfPath } from "../../model/api/group.ts";
import { hasSeveralPaths, isHere } from "../../model/api/path.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { standbyWithin } from "../../model/status/peer-limits.ts";
import type { ConnectionStatus, PathRole, PathStatus } from "../../model/status/status.ts";
import { memo } from "../../model/value/memo.ts";
import { sinceWhen } from "./since.ts";

/** The part of a connection's status that concerns its paths. */
type PathsStatus = Required<Pick<ConnectionStatus, "paths">> & Pick<ConnectionStatus, "lastSwitch">;

const noPaths: PathsStatus = { paths: [] };

const unheard = failure(Reason.AgentSilent, "its agent is not heard, and its node does not answer");

/** The status of each path of a connection that has several; none of a connection with one path. */
export function pathStatuses(
  { context }: Pick<ConnectionSnapshot, "context">,
  before?: Pick<ConnectionStatus, "paths">,
): PathsStatus {
  const { connection, paths: views, active, dialled, chosen, switched } = context;
  const { absent: absentPaths } = context;
  const isDivided = hasSeveralGroups(connection);
  // Before the choice, another path may carry the traffic than the one that is dialled first.
  if (!hasSeveralPaths(connection) || !chosen) return noPaths;
  const paths = connection.paths.flatMap(({ name, standby: declared, remoteAddr }) => {
    const standby = standbyWithin(context.limits, declared);
    const elsewhere = !isHere(connection, name);
    const absent = elsewhere && absentPaths.includes(name);
    const view = elsewhere
      ? { state: stateElsewhere(context, name), failure: absent ? unheard : undefined }
      : views.find(({ path }) => path === name);
    if (view === undefined) return [];
    const { state, failure } = view;
    const role: PathRole = name === active ? "active" : name === dialled ? "dialled" : "standby";
    const since = sinceWhen(
      state,
      before?.paths?.find((known) => known.name === name),
    );
    const node = isDivided ? nodeOfPath(connection, name) : undefined;
    const status = { name, role, standby, state, since, remote: remoteAddr, failure };
    const isSilent = role !== "active" && context.silent.includes(name);
    const facts = {
      ...(node !== undefined && { node }),
      ...(elsewhere && { elsewhere }),
      ...(absent && { absent }),
      ...(isSilent && { silent: true as const }),
    };
    return [{ ...status, ...facts } satisfies PathStatus];
  });
  return switched?.to === active ? { paths, lastSwitch: noted(switched) } : { paths };
}

/** A switch, with the time at which the status saw it first. */
const noted = memo(({ from, cause }: PathSwitched) => {
  return { from, cause, since: performance.now() / 1_000 };
});
