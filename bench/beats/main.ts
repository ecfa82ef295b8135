import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { end, ip } from "../../lab/sites/shell.ts";
import type { Counted } from "./agent-counts.ts";
import { CpuGroups } from "./cpu-groups.ts";

/**
 * Two agents on two nodes whose processors are always busy. Counts verdicts of absence, each of which is
 * wrong, as both live. Each agent has a network namespace, and a control group with the share that the
 * kubelet gives its pod; busy loops run in groups of other pods. Needs root.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "300" },
    /** Requests of busy pods, in thousandths of a processor; 0 is a pod without a request. An empty list leaves all processors idle. */
    busy: { type: "string", default: "0,200" },
    /** The request of an agent, as operators set it. */
    request: { type: "string", default: "20" },
    /** The share of everything here against the machine's other processes. */
    share: { type: "string", default: "2000" },
  },
});
const agentMilli = Number(values.request);
const busyMilli = values.busy.split(",").filter(Boolean).map(Number);
const loopsEach = 4;
const reportMs = 60_000;
const name = `bench-beats-${process.pid}`;
const sides = [
  {
    group: "node:a",
    netns: `${name}-a`,
    address: "10.255.0.1",
    peer: "node:b",
    other: "10.255.0.2",
  },
  {
    group: "node:b",
    netns: `${name}-b`,
    address: "10.255.0.2",
    peer: "node:a",
    other: "10.255.0.1",
  },
] as const;

await using resources = new AsyncDisposableStack();
const groups = resources.use(new CpuGroups(name, Number(values.share)));
const requests = busyMilli.reduce((sum, milli) => sum + milli, 2 * agentMilli);
const burstable = groups.add("burstable", requests);
const bestEffort = groups.add("besteffort", 0);

/** Starts a command in a control group, to which its processes belong from their begin. */
function startIn(group: string, command: string[]): ChildProcess {
  const script = `echo $$ > '${group}/cgroup.procs' && exec "$@"`;
  const child = spawn("sh", ["-c", script, "sh", ...command], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  resources.defer(() => end(child, "SIGKILL"));
  return child;
}

for (const [i, { netns }] of sides.entries()) {
  ip(`netns add ${netns}`);
  resources.defer(() => void ip(`netns del ${netns}`));
  if (i > 0) ip(`link add eth0 netns ${netns} type veth peer eth0 netns ${sides[0].netns}`);
}
for (const { netns, address } of sides) {
  ip(`-n ${netns} address add ${address}/24 dev eth0`);
  ip(`-n ${netns} link set eth0 up`);
}

const agents = sides.map(({ group, netns, peer, other }) => {
  const program = [process.execPath, join(import.meta.dirname, "agent.ts"), group, peer, other];
  const pod = groups.add(`agent-${netns}`, agentMilli, burstable);
  const child = startIn(pod, ["ip", "netns", "exec", netns, ...program]);
  child.once("exit", (code) => (child.killed ? undefined : process.exit(code ?? 1)));
  return { group, child, lines: createInterface({ input: child.stdout as NodeJS.ReadableStream }) };
});

async function take(): Promise<Counted[]> {
  return Promise.all(
    agents.map(async ({ child, lines }) => {
      const answer = once(lines, "line") as Promise<[string]>;
      child.stdin?.write("\n");
      return JSON.parse((await answer)[0]) as Counted;
    }),
  );
}

const sum = (a: Counted, b: Counted): Counted =>
  Object.fromEntries(
    Object.entries(a).map(([key, value]: [string, number]) => {
      const other = b[key as keyof Counted];
      const isLongest = key === "silenceMs" || key === "latestMs";
      return [key, isLongest ? Math.max(value, other) : value + other];
    }),
  ) as unknown as Counted;

/** The agents find each other on an idle machine. */
await pause(5_000);
await take();
for (const [i, milli] of busyMilli.entries()) {
  const group = groups.add(`busy-${i}`, milli, milli === 0 ? bestEffort : burstable);
  for (let loop = 0; loop < loopsEach; loop++) startIn(group, ["sh", "-c", "while :; do :; done"]);
}
const endAt = performance.now() + Number(values.seconds) * 1_000;
let totals: Counted[] | undefined;
while (performance.now() < endAt) {
  await pause(Math.min(reportMs, Math.max(endAt - performance.now(), 0)));
  const taken = await take();
  totals = totals?.map((total, i) => sum(total, taken[i] as Counted)) ?? taken;
  const [first, second] = taken;
  process.stderr.write(`${new Date().toISOString()} ${JSON.stringify([first, second])}\n`);
}
for (const [i, total] of (totals ?? []).entries())
  process.stdout.write(`${agents[i]?.group}: ${JSON.stringify(total)}\n`);
if (totals?.some(({ absences }) => absences > 0)) process.exitCode = 1;
