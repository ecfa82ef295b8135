import type { ConnectionStatus, Status } from "../../../model/status/status.ts";
import type { Dated } from "../../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../../runtime/status/report.ts";

/** The report of an agent; agents of an earlier version report no time. */
export type AgentReport = Status & Partial<Pick<StatusReport, "traffic">> & Partial<Dated>;

/** The reports of several agents as one status, at a time of this machine's clock in seconds. */
export function mergeReports(reports: readonly AgentReport[], at: number) {
  const byId = Map.groupBy(
    reports.flatMap((report) => connectionsAt(at, report)),
    ({ id }) => id,
  );
  const connections = [...byId.values()].map(mergeViews).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const stateProblem = reports.flatMap((report) => report.stateProblem ?? []).join("\n");
  return {
    at,
    ...(stateProblem !== "" && { stateProblem }),
    // Connections report the charon of their agent.
    charon: { state: "", failure: undefined },
    connections,
    problems: reports.flatMap((report) => report.problems),
    traffic: Object.assign({}, ...reports.map(trafficOf)) as StatusReport["traffic"],
  };
}

/** The traffic by an agent, without that of connections whose active path another one has. */
function trafficOf({ connections, traffic = {} }: AgentReport): StatusReport["traffic"] {
  const followed = new Set(connections.filter(({ leads }) => leads === false).map(({ id }) => id));
  const isLed = (key: string) => !followed.has(key.slice(0, key.indexOf("/")));
  return Object.fromEntries(Object.entries(traffic).filter(([key]) => isLed(key)));
}

/** The connections with times of this machine's clock: those of the nodes may differ. */
function connectionsAt(now: number, { at, connections }: AgentReport) {
  const later = now - (at ?? now);
  const shifted = <T extends { readonly since: number }>(item: T): T => ({
    ...item,
    since: item.since === 0 ? 0 : item.since + later,
  });
  return connections.map((connection) => {
    const { children, paths } = connection;
    return {
      ...shifted(connection),
      children: children.map(shifted),
      ...(paths !== undefined && { paths: paths.map(shifted) }),
    };
  });
}

/**
 * A connection by the reports of all agents that have paths of it: that of the agent that leads, or else
 * of one that does not know, and each path by the report of its own agent.
 */
function mergeViews(views: readonly ConnectionStatus[]): ConnectionStatus {
  const byRank = [true, undefined, false].flatMap((rank) =>
    views.filter(({ leads }) => leads === rank),
  );
  const [view] = byRank as [ConnectionStatus];
  if (views.length === 1 || view.paths === undefined) return view;
  const own = views.flatMap(({ paths = [] }) => paths.filter(({ elsewhere }) => !elsewhere));
  const paths = view.paths.map(({ elsewhere, ...path }) => {
    const known = own.find(({ name }) => name === path.name);
    if (known === undefined) return { ...path, ...(elsewhere && { elsewhere }) };
    return { ...known, role: path.role };
  });
  return { ...view, paths };
}
