import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { caseNames, type CaseName } from "../lab/peers/cases/case-names.ts";
import { resultFiles, type CaseResult, type PeerResults } from "../lab/peers/results.ts";
import { between } from "./between.ts";

/**
 * Writes the results of the lab's peers into docs/compatibility.md.
 *
 *     node scripts/write-compatibility.ts [FOLDER]    the suite's artifacts; artifacts/peers
 */
const root = join(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(root, "artifacts/peers"));
const page = join(root, "docs/compatibility.md");

const peers = globSync(resultFiles, { cwd: folder })
  .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as PeerResults)
  .toSorted((a, b) => titleOf(a).localeCompare(titleOf(b), "en", { numeric: true }));
if (peers.length === 0) throw new Error(`${folder} has no results: run the suite "peers" first`);

const notes: string[] = [];
const marks = { works: "✓", cannot: "–", fault: "✗", failed: "✗" } as const;
const rows = Object.entries(caseNames).map(([name, words]) => {
  const cells = peers.map(({ cases }) => cellOf(cases[name as CaseName]));
  return `| ${words} | ${cells.join(" | ")} |`;
});
const table = [
  `| case | ${peers.map(titleOf).join(" | ")} |`,
  `|---|${"---|".repeat(peers.length)}`,
  ...rows,
  "",
  ...notes.map((note, i) => `${i + 1}. ${note}`),
].join("\n");
writeFileSync(page, between(readFileSync(page, "utf8"), "results", table));

function titleOf({ name, version }: PeerResults): string {
  return `${name} ${version}`;
}

/** A mark, and the number of its note. */
function cellOf(found: CaseResult | undefined): string {
  if (found === undefined) return "?";
  const { result, note } = found;
  if (note === undefined) return marks[result];
  if (!notes.includes(note)) notes.push(note);
  return `${marks[result]} (${notes.indexOf(note) + 1})`;
}
