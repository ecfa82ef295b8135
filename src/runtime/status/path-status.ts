import type { ChildActor } from "../../machines/child/child.ts";
import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { PathSwitched } from "../../machines/connection/connection-types.ts";
import { stateElsewhere } from "../../machines/connection/elsewhere.ts";
import { childActorId } from "../../machines/path/path-types.ts";
import { hasSeveralGroups, nodeOfPath } from "../../model/api/group.ts";
import { hasSeveralPaths, isHere } from "../../model/api/path.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { standbyWithin } from "../../model/status/peer-limits.ts";
import type { ConnectionStatus, PathRole, PathStatus } from "../../model/status/status.ts";
import { isUp } from "../../model/status/public-state.ts";
import { pathNamed } from "../actors/snapshots.ts";
import { memo } from "../../model/value/memo.ts";
import { sinceWhen } from "./since.ts";

/** The part of a connection's status that concerns its paths. */
type PathsStatus = Required<Pick<ConnectionStatus, "paths">> & Pick<ConnectionStatus, "lastSwitch">;

const noPaths: PathsStatus = { paths: [] };

const unheard = failure(Reason.AgentSilent, "its agent is not heard, and its node does not answer");

/** The status of each path of a connection that has several; none of a connection with one path. */
export function pathStatuses(
  snapshot: Pick<ConnectionSnapshot, "context" | "children">,
  before?: Pick<ConnectionStatus, "paths">,
): PathsStatus {
  const { context } = snapshot;
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
    const isHot = role !== "active" && standby === "hot" && !elsewhere && isUp(state);
    const childless = isHot ? childFailure(snapshot, name) : undefined;
    const facts = {
      ...(node !== undefined && { node }),
      ...(elsewhere && { elsewhere }),
      ...(absent && { absent }),
      ...(isSilent && { silent: true as const }),
      ...(childless !== undefined && { childless }),
    };
    return [{ ...status, ...facts } satisfies PathStatus];
  });
  return switched?.to === active ? { paths, lastSwitch: noted(switched) } : { paths };
}

/** Why a child of a path has no CHILD SA after an attempt; undefined if none failed. */
function childFailure(snapshot: Pick<ConnectionSnapshot, "children">, path: string) {
  const { children = {}, context } = pathNamed(snapshot, path)?.getSnapshot() ?? {};
  const failed = context?.connection.children
    .map(({ key }) => (children[childActorId(key)] as ChildActor | undefined)?.getSnapshot())
    .find((child) => child?.matches("failed"));
  return failed?.context.failure;
}

/** A switch, with the time at which the status saw it first. */
const noted = memo(({ from, cause }: PathSwitched) => {
  return { from, cause, since: performance.now() / 1_000 };
});
