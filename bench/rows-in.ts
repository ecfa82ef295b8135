import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Row } from "./row.ts";

const root = join(import.meta.dirname, "..");

/** The rows that a program measures in a lab, which `runner` starts. */
export function rowsIn(
  runner: string,
  limitSeconds: number,
  program: string,
  ...args: string[]
): Row[] {
  const exchange = mkdtempSync(join(tmpdir(), "bench-"));
  const options = ["--limit", String(limitSeconds), "--artifacts", exchange];
  const { status } = spawnSync(
    process.execPath,
    [runner, ...options, "--", process.execPath, program, ...args],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  if (status !== 0) throw new Error(`${program} failed`);
  return JSON.parse(readFileSync(join(exchange, "rows.json"), "utf8")) as Row[];
}
