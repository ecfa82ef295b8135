import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { Workload } from "../../lab/cluster/workload.ts";
import { quantile, type Row } from "../row.ts";
import { byHand, podStart } from "./pods.ts";

const system = ["-n", "ipman-system"] as const;
const watchedSeconds = 15;
/** kubelet checks its pods once a second, so a single round depends on the moment. */
const rounds = 5;

/** The time for which a worker's traffic stops when a pod that it needs is deleted. */
export async function repairs(cluster: LabCluster): Promise<Row[]> {
  const [pod] = Workload.of(cluster, "work") as [Workload];
  const rows: Row[] = [];
  for (const [type, name, grace] of [
    ["xfrm", "gateway", 1],
    ["charon", "charon", 3],
  ] as const) {
    const start = await podStart(cluster, byHand("hand-pod", "node-a", "charon"));
    const remove = [
      "delete",
      "pods",
      ...system,
      "--wait=false",
      "-l",
      `ipman.dialo.ai/type=${type}`,
    ];
    const silences: number[] = [];
    for (let round = 0; round < rounds; round++) {
      silences.push(await longestSilence(cluster, pod, () => cluster.kubectl(...remove)));
      await eventually(() => flows(pod), 60_000, 200);
    }
    const ours = quantile(silences, 0.5);
    rows.push({
      what: `${name}'s pod deleted → the same worker's traffic flows again, the middle of ${rounds}`,
      against: `the start of a pod by hand (${start.toFixed(1)} s), and ${grace} s`,
      unit: "s",
      ours,
      theirs: start + grace,
      goal: { atMost: 1 },
    });
  }
  return rows;
}

function flows(pod: Workload): void {
  if (pod.answered("10.0.1.1", "-c", "5", "-i", "0.1") < 5) throw new Error("not yet");
}

/** The longest time between two answers to pings, in seconds. */
async function longestSilence(
  cluster: LabCluster,
  { name, namespace }: Workload,
  harm: () => unknown,
): Promise<number> {
  const { file, env } = cluster.tool("kubectl");
  // By count, since with a deadline ping ends at the first error that the network reports.
  const count = String(watchedSeconds * 50);
  const ping = ["/usr/bin/ping", "-n", "-D", "-i", "0.02", "-c", count];
  const args = ["exec", "-n", namespace, name, "-c", "main", "--", ...ping, "10.0.1.1"];
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const output = text(child.stdout);
  await pause(2_000);
  harm();
  const times = [...(await output).matchAll(/^\[([\d.]+)\] \d+ bytes from/gm)].map(([, at]) =>
    Number(at),
  );
  // A silence that is longer than the measurement ends with it.
  times.push((times[0] ?? 0) + watchedSeconds - 1);
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
  return gaps.reduce((a, b) => Math.max(a, b), 0);
}
