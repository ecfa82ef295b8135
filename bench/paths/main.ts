import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { end, eventually } from "../../lab/sites/shell.ts";
import { quantile } from "../row.ts";

/**
 * Agents with 100 connections at rest: one whose connections have one path, and beside it two agents
 * whose connections have a path on each node. Prints how much processor time the two take, as a multiple
 * of the one's: the median of several windows. Needs root for the echo requests.
 */
const { values } = parseArgs({
  options: {
    windows: { type: "string", default: "7" },
    seconds: { type: "string", default: "30" },
  },
});
const count = 100;
const here = import.meta.dirname;
const port = String(20_000 + (process.pid % 20_000));

await using resources = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), "bench-"));
resources.defer(() => rmSync(folder, { recursive: true }));

function start(program: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  resources.defer(() => end(child));
  return child;
}

async function agent(...args: string[]) {
  const vici = join(folder, `${args.join("-")}.vici`);
  const simulator = start(join(here, "../thousand/simulator.ts"), vici);
  await once(simulator.stdout as NodeJS.ReadableStream, "data");
  const child = start(join(here, "agent.ts"), ...args, port, vici);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return async () => {
    const line = once(lines, "line") as Promise<[string]>;
    child.stdin?.write("\n");
    return JSON.parse((await line)[0]) as { readonly established: number; readonly cpuMs: number };
  };
}

const [single, first, second] = [
  await agent("node-a", "127.0.0.3", "", ""),
  await agent("node-a", "127.0.0.1", "node-b", "127.0.0.2"),
  await agent("node-b", "127.0.0.2", "node-a", "127.0.0.1"),
];
await eventually(
  async () => {
    const [one, two] = [await single(), await first()];
    if (one.established < count || two.established < 2 * count)
      throw new Error(`${one.established} and ${two.established} paths are established`);
  },
  60_000,
  1_000,
);
// After their start they have more to do.
await pause(30_000);
for (const take of [single, first, second]) await take();
const ratios: number[] = [];
for (let window = 0; window < Number(values.windows); window++) {
  await pause(Number(values.seconds) * 1_000);
  const [one, a, b] = await Promise.all([single(), first(), second()]);
  ratios.push((a.cpuMs + b.cpuMs) / one.cpuMs);
  const ms = [one, a, b].map(({ cpuMs }) => cpuMs.toFixed(0));
  process.stdout.write(`one path: ${ms[0]} ms; two paths: ${ms[1]} and ${ms[2]} ms\n`);
}
process.stdout.write(`two paths to one: ${quantile(ratios, 0.5).toFixed(2)}\n`);
