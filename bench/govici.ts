import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A folder that outlives the checkout. */
const cache = join(process.env["IPMAN_CACHE"] ?? join(homedir(), ".cache/ipman"), "bench");

/** The path of the program in govici/, built where it has changed. */
export function buildGovici(): string {
  mkdirSync(cache, { recursive: true });
  const binary = join(cache, "govici");
  const args = ["build", "-ldflags=-checklinkname=0", "-o", binary, "."];
  execFileSync("go", args, {
    cwd: join(import.meta.dirname, "govici"),
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  return binary;
}

/** Runs it and gives what it measured. */
export function runGovici(binary: string, ...args: string[]): Record<string, number> {
  return JSON.parse(execFileSync(binary, args, { encoding: "utf8" })) as Record<string, number>;
}
