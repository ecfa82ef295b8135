import type { Failure } from "../model/failure.ts";
import { unansweredOf } from "../runtime/conditions.ts";
import type { ChildStatus, Status } from "../runtime/status.ts";

const header = ["CONNECTION", "CHILD", "STATE", "GATEWAY", "WORKERS", "REASON"];

/** The status as a table, a line for each connection and child, then what is wrong. */
export function statusTable(status: Status): string {
  const rows = status.connections.flatMap((connection) => [
    [connection.id, "", connection.state, "", "", connection.failure?.reason ?? ""],
    ...connection.children.map((child) => [
      "",
      child.key,
      child.state,
      child.gateway,
      String(child.workers.length),
      failureOf(child)?.reason ?? "",
    ]),
  ]);
  const lines = [header, ...rows].map((row) => format(row, widths([header, ...rows])));
  return `${[...lines, ...remarks(status)].join("\n")}\n`;
}

function failureOf({ key, failure, reachability }: ChildStatus): Failure | undefined {
  return failure ?? (reachability === "unreachable" ? unansweredOf(key) : undefined);
}

function remarks({ charon, connections, problems }: Status): string[] {
  const messages = [
    ...(charon.failure === undefined ? [] : [`charon: ${charon.failure.message}`]),
    ...problems.map(({ source, path, message }) => `${source}: ${path}: ${message}`),
    ...connections.flatMap((connection) => [
      ...connection.problems.map(({ source, path, message }) => `${source}: ${path}: ${message}`),
      ...(connection.failure === undefined || connection.problems.length > 0
        ? []
        : [`${connection.id}: ${connection.failure.message}`]),
      ...connection.children.flatMap((child) => {
        const failure = failureOf(child);
        return failure === undefined ? [] : [`${connection.id}/${child.key}: ${failure.message}`];
      }),
    ]),
  ];
  return messages.length === 0 ? [] : ["", ...messages];
}

function widths(rows: readonly (readonly string[])[]): number[] {
  return header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}

function format(row: readonly string[], columns: readonly number[]): string {
  return row
    .map((cell, i) => cell.padEnd(columns[i] ?? 0))
    .join("  ")
    .trimEnd();
}
