import type { ConnectionActor, ConnectionSnapshot } from "../../machines/connection/connection.ts";
import { connectionBy, hasSeveralPaths } from "../../model/api/path.ts";
import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import { reasons } from "../../model/status/reason.ts";
import type { PathStatus } from "../../model/status/status.ts";
import { judgementOf } from "../conditions/redundancy.ts";
import { pathStatuses } from "../status/path-status.ts";
import type { Examiner } from "./examiner.ts";
import { checkRoute } from "./route.ts";

/** Names the active path in findings that depend on it, if the connection has several. */
export function byActivePath(root: ConnectionActor, findings: readonly Finding[]): Finding[] {
  const { connection, active: path } = root.getSnapshot().context;
  return hasSeveralPaths(connection)
    ? findings.map((finding) => ({ ...finding, path }))
    : [...findings];
}

/** Checks the paths beside the active one: whether the peer allows them, and each could take over. */
export function checkStandbys(root: ConnectionActor, examiner: Examiner): Finding[] {
  const snapshot = root.getSnapshot();
  const standbys = pathStatuses(snapshot)
    .paths.filter(({ role }) => role !== "active")
    .flatMap((standby) =>
      checkStandby(standby, snapshot, examiner).map((finding) => {
        return { ...finding, path: standby.name };
      }),
    );
  return [...limited(snapshot), ...standbys];
}

/** The limits of the peer, which do not fit what the manifest declares. */
function limited({ context: { limits } }: ConnectionSnapshot): Finding[] {
  return [limits.takesLast, limits.keepsOne]
    .filter((known) => known !== undefined)
    .map(({ reason, message }) =>
      problem("standby", `${reason}: ${message}`, reasons[reason].remedy),
    );
}

function checkStandby(
  standby: PathStatus,
  { context: { connection } }: ConnectionSnapshot,
  examiner: Examiner,
): Finding[] {
  const { name, role, standby: kind, state, remote, node, elsewhere, childless } = standby;
  const failure = childless ?? standby.failure;
  const judgement = judgementOf(standby);
  if (judgement === "ready") return [ok("standby", `is up, to ${remote}, and can take over`)];
  if (role === "dialled") return [note("standby", "is being dialled to take over")];
  if (judgement === "untested") {
    const message = `is ${kind}: whether it would come up is not known until it is dialled`;
    return [note("standby", message, reasons.StandbyNotTested.remedy)];
  }
  const cause = failure === undefined ? `it is ${state}` : `${failure.reason}: ${failure.message}`;
  if (elsewhere === true) {
    const place = node === undefined ? "another node" : node;
    const message = `is ${kind} on ${place} and not up: ${cause}`;
    return [problem("standby", message, `see the log of the agent on ${place}`)];
  }
  const byPath = connectionBy(connection, name);
  const isProblem = ({ verdict }: Finding) => verdict === "problem";
  const { remedy } = reasons[failure?.reason ?? "StandbyDown"];
  return [
    ...checkRoute(byPath, byPath.remoteAddress, examiner).filter(isProblem),
    problem("standby", `is ${kind} and not up: ${cause}`, remedy),
  ];
}
