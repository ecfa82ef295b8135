import { childTrouble } from "../../model/status/child-trouble.ts";
import type { Failure } from "../../model/status/failure.ts";
import { formatBytes } from "../../model/text/bytes.ts";
import { formatDuration } from "../../model/text/duration.ts";
import { unansweredOf } from "../../runtime/conditions/conditions.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { ChildTraffic, StatusReport } from "../../runtime/status/report.ts";
import type {
  ChildStatus,
  ConnectionStatus,
  PathStatus,
  Status,
} from "../../model/status/status.ts";
import { styled, styledState } from "./style.ts";

const header = [
  "CONNECTION",
  "CHILD",
  "STATE",
  "SINCE",
  "IN",
  "OUT",
  "GATEWAY",
  "WORKERS",
  "REASON",
];
const stateColumns = new Set([header.indexOf("STATE"), header.indexOf("GATEWAY")]);

/** The status as a table with a row for each connection and child, then the problems. */
export function statusTable(
  status: Status & Dated & Partial<Pick<StatusReport, "traffic">>,
): string {
  const now = status.at;
  const rows = status.connections.flatMap((connection) => [
    connectionRow(connection, now),
    ...(connection.paths ?? []).map((path) => pathRow(path, now)),
    ...connection.children.map((child) =>
      childRow(child, status.traffic?.[`${connection.id}/${child.key}`], now),
    ),
  ]);
  const columns = widths([header, ...rows]);
  const lines = [
    styled("bold", format(header, columns)),
    ...rows.map((row) => format(row, columns, styledState)),
  ];
  return `${[...lines, ...remarks(status)].join("\n")}\n`;
}

function connectionRow({ id, state, since, failure }: ConnectionStatus, now: number): string[] {
  return [id, "", state, sinceText(since, now), "", "", "", "", failure?.reason ?? ""];
}

function pathRow(path: PathStatus, now: number): string[] {
  const { name, role, standby, state, since, failure, node } = path;
  const place = node === undefined ? "" : ` on ${node}`;
  const text = `path ${name} (${role === "standby" ? standby : role})${place}`;
  return ["", text, state, sinceText(since, now), "", "", "", "", failure?.reason ?? ""];
}

function childRow(child: ChildStatus, traffic: ChildTraffic | undefined, now: number): string[] {
  return [
    "",
    child.key,
    child.state,
    sinceText(child.since, now),
    ...(traffic === undefined
      ? ["", ""]
      : [formatBytes(traffic.bytesIn), formatBytes(traffic.bytesOut)]),
    child.gateway,
    String(child.workers.length),
    failureOf(child)?.reason ?? "",
  ];
}

function sinceText(since: number, now: number): string {
  return since === 0 ? "" : formatDuration(now - since);
}

function failureOf(child: ChildStatus): Failure | undefined {
  const unanswered = child.reachability === "unreachable" ? unansweredOf(child.key) : undefined;
  return childTrouble(child) ?? unanswered;
}

function remarks(status: Status & Dated): string[] {
  const { charon, connections, problems, stateProblem, at } = status;
  const messages = [
    ...(stateProblem === undefined ? [] : [stateProblem]),
    ...(charon.failure === undefined ? [] : [`charon: ${charon.failure.message}`]),
    ...problems.map(({ source, path, message }) => `${source}: ${path}: ${message}`),
    ...connections.flatMap((connection) => [...detourOf(connection, at), ...remarksOn(connection)]),
  ];
  return messages.length === 0 ? [] : ["", ...messages];
}

/** Says since when and why another path than the preferred one carries the traffic. */
function detourOf({ id, paths = [], lastSwitch }: ConnectionStatus, now: number): string[] {
  const [preferred] = paths;
  const active = paths.find(({ role }) => role === "active");
  if (preferred === undefined || active === undefined || active === preferred) return [];
  if (lastSwitch === undefined)
    return [`${id}: the path ${active.name} is active instead of ${preferred.name}`];
  const { since, cause } = lastSwitch;
  const time = sinceText(since, now);
  return [
    `${id}: the path ${active.name} has been active instead of ${preferred.name} for ${time} (${cause})`,
  ];
}

function remarksOn({ id, failure, problems, children, paths = [] }: ConnectionStatus): string[] {
  return [
    ...problems.map(({ source, path, message }) => `${source}: ${path}: ${message}`),
    ...(failure === undefined || problems.length > 0 ? [] : [`${id}: ${failure.message}`]),
    ...paths
      .filter(({ role }) => role !== "active")
      .flatMap(({ name, failure: known }) =>
        known === undefined ? [] : [`${id} path ${name}: ${known.message}`],
      ),
    ...children.flatMap((child) => {
      const messages = [failureOf(child)?.message, child.unrouted];
      return messages
        .filter((message) => message !== undefined)
        .map((message) => `${id}/${child.key}: ${message}`);
    }),
  ];
}

function widths(rows: readonly (readonly string[])[]): number[] {
  return header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}

type StyleOf = (state: string, text: string) => string;

/** Cells are padded before they are coloured, since colours have no width. */
function format(row: readonly string[], columns: readonly number[], style?: StyleOf): string {
  const cells = row.map((cell, i) => {
    const padded = cell.padEnd(columns[i] ?? 0);
    return style !== undefined && stateColumns.has(i) ? style(cell, padded) : padded;
  });
  return cells.join("  ").trimEnd();
}
