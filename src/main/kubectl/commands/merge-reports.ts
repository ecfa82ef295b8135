import type { Status } from "../../../model/status/status.ts";
import type { Dated } from "../../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../../runtime/status/report.ts";

/** The report of an agent; agents of an earlier version report no time. */
export type AgentReport = Status & Partial<Pick<StatusReport, "traffic">> & Partial<Dated>;

/** The reports of several agents as one status, at a time of this machine's clock in seconds. */
export function mergeReports(reports: readonly AgentReport[], at: number) {
  const connections = reports
    .flatMap((report) => connectionsAt(at, report))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const stateProblem = reports.flatMap((report) => report.stateProblem ?? []).join("\n");
  return {
    at,
    ...(stateProblem !== "" && { stateProblem }),
    // Connections report the charon of their agent.
    charon: { state: "", failure: undefined },
    connections,
    problems: reports.flatMap((report) => report.problems),
    traffic: Object.assign({}, ...reports.map(({ traffic }) => traffic)) as StatusReport["traffic"],
  };
}

/** The connections with times of this machine's clock: those of the nodes may differ. */
function connectionsAt(now: number, { at, connections }: AgentReport) {
  const later = now - (at ?? now);
  const shifted = <T extends { readonly since: number }>(item: T): T => ({
    ...item,
    since: item.since === 0 ? 0 : item.since + later,
  });
  return connections.map((connection) => {
    return { ...shifted(connection), children: connection.children.map(shifted) };
  });
}
