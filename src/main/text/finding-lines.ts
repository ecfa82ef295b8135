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
  const subject = (child: string | undefined) =>
    child === undefined ? connection : `${connection}/${child}`;
  const cause = findings.find(({ verdict }) => verdict === "problem");
  const width = Math.max(...findings.map(({ check }) => check.length));
  const groups = Map.groupBy(findings, ({ child }) => subject(child));
  return [
    ...(cause === undefined
      ? [`${connection}: nothing is wrong that could be seen from here`]
      : [styled("bold", `${subject(cause.child)}: ${cause.message}`), ...hintOf(cause, "  ")]),
    ...[...groups].flatMap(([title, group]) => [
      "",
      title,
      ...group.flatMap((finding) => [
        `  ${markOf(finding)} ${finding.check.padEnd(width)}  ${finding.message}`,
        ...(finding === cause ? [] : hintOf(finding, " ".repeat(width + 6))),
      ]),
    ]),
  ];
}

function markOf({ verdict }: Finding): string {
  const mark = marks[verdict];
  if (verdict === "ok") return styled("green", mark);
  return verdict === "problem" ? styled("red", mark) : mark;
}

function hintOf({ hint }: Finding, indent: string): string[] {
  return hint === undefined ? [] : [`${indent}→ ${hint}`];
}
