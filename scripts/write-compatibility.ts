import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { caseNames, type CaseName } from "../lab/peers/cases/case-names.ts";
import { resultFiles, type CaseResult, type PeerResults } from "../lab/peers/results.ts";
import { between } from "./between.ts";

/**
 * Writes the results of the lab's peers into docs/compatibility.md.
 *
 *     node scripts/write-compatibility.ts [--check] [FOLDER]
 *
 * FOLDER has the suite's artifacts; it is artifacts/peers unless given. With `--check` the page stays
 * as it is, and the script fails if it would change.
 */
const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});
const root = join(import.meta.dirname, "..");
const folder = resolve(positionals[0] ?? join(root, "artifacts/peers"));
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
const present = readFileSync(page, "utf8");
const wanted = between(present, "results", table);
if (!values.check) writeFileSync(page, wanted);
else if (wanted !== present) {
  const added = wanted.split("\n").filter((line) => !present.split("\n").includes(line));
  console.log(
    `docs/compatibility.md differs from the results in ${folder}: run \`node scripts/write-compatibility.ts ${folder}\`, and see whether each change is right. Lines of the results that it lacks:\n${added.join("\n")}`,
  );
  process.exitCode = 1;
}

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
