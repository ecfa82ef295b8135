import type { Finding } from "../../model/status/finding.ts";
import { styled } from "./style.ts";

const marks: Readonly<Record<Finding["verdict"], string>> = {
  ok: "✓",
  problem: "✗",
  note: "·",
  skipped: "-",
};

/** A diagnosis as text: the cause and its remedy, then every check. */
export function findingLines(connection: string, findings: readonly Finding[]): string[] {
  const subject = ({ child }: Finding) =>
    child === undefined ? connection : `${connection}/${child}`;
  const cause = findings.find(({ verdict }) => verdict === "problem");
  const width = Math.max(...findings.map((finding) => labelOf(finding).length));
  const groups = Map.groupBy(findings, subject);
  return [
    ...(cause === undefined
      ? [`${connection}: nothing is wrong that could be seen from here`]
      : [
          styled("bold", `${subject(cause)}${pathOf(cause)}: ${cause.message}`),
          ...hintOf(cause, "  "),
        ]),
    ...[...groups].flatMap(([title, group]) => [
      "",
      title,
      ...group.flatMap((finding) => [
        `  ${markOf(finding)} ${labelOf(finding).padEnd(width)}  ${finding.message}`,
        ...(finding === cause ? [] : hintOf(finding, " ".repeat(width + 6))),
      ]),
    ]),
  ];
}

function labelOf({ check, path }: Finding): string {
  return path === undefined ? check : `${check} (${path})`;
}

function pathOf({ path }: Finding): string {
  return path === undefined ? "" : ` path ${path}`;
}

function markOf({ verdict }: Finding): string {
  const mark = marks[verdict];
  if (verdict === "ok") return styled("green", mark);
  return verdict === "problem" ? styled("red", mark) : mark;
}

function hintOf({ hint }: Finding, indent: string): string[] {
  return hint === undefined ? [] : [`${indent}→ ${hint}`];
}
