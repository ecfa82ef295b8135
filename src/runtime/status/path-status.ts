import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { PathSwitched } from "../../machines/connection/path-choice.ts";
import { stateElsewhere } from "../../machines/connection/elsewhere.ts";
import { hasSeveralGroups, nodeOfPath } from "../../model/api/group.ts";
import { hasSeveralPaths, isHere } from "../../model/api/path.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import type {
  ConnectionStatus,
  PathFacts,
  PathRole,
  PathStatus,
} from "../../model/status/status.ts";
import { memo } from "../../model/value/memo.ts";
import { sinceWhen } from "./since.ts";

/** The part of a connection's status that concerns its paths. */
type PathsStatus = Required<Pick<ConnectionStatus, "paths">> & Pick<ConnectionStatus, "lastSwitch">;

const none: readonly PathFacts[] = [];

const noPaths: PathsStatus = { paths: [] };

const unheard = failure(Reason.AgentSilent, "its agent is not heard, and its node does not answer");

/** The status of each path of a connection that has several; none of a connection with one path. */
export function pathStatuses(
  { context }: Pick<ConnectionSnapshot, "context">,
  before?: Pick<ConnectionStatus, "paths">,
): PathsStatus {
  const facts = pathFacts(context);
  if (facts.length === 0) return noPaths;
  const paths = facts.map((path): PathStatus => {
    const known = before?.paths?.find(({ name }) => name === path.name);
    return { ...path, since: sinceWhen(path.state, known) };
  });
  const { switched } = context.choice;
  return switched?.to === context.active ? { paths, lastSwitch: noted(switched) } : { paths };
}

/** The same without the times. */
export function pathFacts(context: ConnectionSnapshot["context"]): readonly PathFacts[] {
  const { connection, paths: views, active, dialled, chosen, choice } = context;
  const isDivided = hasSeveralGroups(connection);
  // Before the choice, another path may carry the traffic than the one that is dialled first.
  if (!hasSeveralPaths(connection) || !chosen) return none;
  return connection.paths.flatMap(({ name, standby, remoteAddr }) => {
    const elsewhere = !isHere(connection, name);
    const absent = elsewhere && choice.absent.includes(name);
    const view = elsewhere
      ? { state: stateElsewhere(context, name), failure: absent ? unheard : undefined }
      : views.find(({ path }) => path === name);
    if (view === undefined) return [];
    const { state, failure } = view;
    const role: PathRole = name === active ? "active" : name === dialled ? "dialled" : "standby";
    const node = isDivided ? nodeOfPath(connection, name) : undefined;
    const status = { name, role, standby, state, remote: remoteAddr, failure };
    const isSilent = role !== "active" && choice.silent.includes(name);
    const facts = {
      ...(node !== undefined && { node }),
      ...(elsewhere && { elsewhere }),
      ...(absent && { absent }),
      ...(isSilent && { silent: true as const }),
    };
    return [{ ...status, ...facts } satisfies PathFacts];
  });
}

/** A switch, with the time at which the status saw it first. */
const noted = memo(({ from, cause }: PathSwitched) => {
  return { from, cause, since: performance.now() / 1_000 };
});
