import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codec } from "./codec.ts";
import { buildGovici } from "./govici.ts";
import { thousand } from "./thousand.ts";
import { isMet, tableOf, type Row } from "./row.ts";

const root = join(import.meta.dirname, "..");

/** The rows that are measured where the kernel has ESP. */
function labRows(govici: string): Row[] {
  const exchange = mkdtempSync(join(tmpdir(), "bench-"));
  const command = [process.execPath, "bench/lab/main.ts", govici];
  const { status } = spawnSync(
    process.execPath,
    ["lab/run.ts", "--limit", "600", "--artifacts", exchange, "--", ...command],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  if (status !== 0) throw new Error("the lab's part failed");
  return JSON.parse(readFileSync(join(exchange, "rows.json"), "utf8")) as Row[];
}

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
say("building the other side (Go)");
const govici = buildGovici();
say("the codec");
const rows = [codec(govici)];
say("1,000 connections on a simulated charon");
rows.push(...(await thousand()));
say("a real charon and a real kernel");
rows.push(...labRows(govici));
process.stdout.write(`\n${tableOf(rows)}`);
if (!rows.every(isMet)) process.exitCode = 1;
