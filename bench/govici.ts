import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A folder outside the checkout. */
const cache = join(process.env["IPMAN_CACHE"] ?? join(homedir(), ".cache/ipman"), "bench");

/** Builds the program in govici/ if it has changed; returns its path. */
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

/** Runs the program and returns its measurements. */
export function runGovici(binary: string, ...args: string[]): Record<string, number> {
  return JSON.parse(execFileSync(binary, args, { encoding: "utf8" })) as Record<string, number>;
}
