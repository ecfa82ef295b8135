import { spawn, type ChildProcess } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { end, eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, walkThroughChild } from "../../lab/cluster/manifests.ts";
import type { Row } from "../row.ts";
import { podOf, unplaced } from "./pods.ts";

const connections = 1_000;
const podsEach = 5;
/** The longest time in which the operator may write everything. */
const mostBusyMs = 240_000;
const leastQuietMs = 40_000;
const lookMs = 5_000;
/** Long enough that a garbage collection of the whole heap, once in minutes, does not dominate. */
const idleMs = 120_000;
const metrics = "127.0.0.1:9750";
const ipman = join(import.meta.dirname, "../../bin/ipman");

/** One operator, as a process of this machine, with the objects of a large cluster. */
export async function scaleRows(cluster: LabCluster): Promise<Row[]> {
  cluster.helm("uninstall", "ipman", "-n", "ipman-system", "--wait", "--timeout", "90s");
  // The operator's Deployments must not run, since only the operator is measured.
  await cluster.plane.stopControllers();
  await declare(cluster);
  // The first run creates the Deployments and writes every status; the second finds no work.
  const first = startOperator(cluster, 1);
  await isReady();
  await isQuiet(first);
  await end(first);
  const since = performance.now();
  const operator = startOperator(cluster, 2);
  await isReady();
  const synced = (performance.now() - since) / 1_000;
  await isQuiet(operator);
  const idle = await processorShare(operator, idleMs);
  const heap = await heapMegabytes();
  await end(operator);
  const what = `operator with ${connections} connections and ${connections * podsEach} pods`;
  const against = "–";
  return [
    {
      what: `${what}: processor while nothing happens`,
      against,
      unit: "%",
      ours: idle * 100,
      goal: { atMost: 2 },
    },
    { what: `${what}: heap`, against, unit: "MB", ours: heap, goal: { atMost: 250 } },
    { what: `${what}: start to synced`, against, unit: "s", ours: synced, goal: { atMost: 10 } },
  ];
}

/** Creates connections on a node that does not exist, and their pods as after admission. */
async function declare({ client }: LabCluster): Promise<void> {
  const numbers = Array.from({ length: connections }, (_, i) => i);
  await inParallel(numbers, async (i) => {
    await client.create(resourceTypes.IPSecConnection, connection(i) as never);
    for (let n = 0; n < podsEach; n++) await client.create(resourceTypes.Pod, worker(i, n));
  });
}

function connection(i: number): object {
  const network = networkOf(i);
  const child = walkThroughChild(2, {
    name: "net",
    if_id: 10_000 + i,
    local_ips: [`${network}0/24`],
    xfrm_ip: `${network}1/24`,
    vxlan_ip: `${network}2/24`,
    ip_pools: { primary: [`${network}10-${network}40/24`] },
  });
  const changes = { name: `scale-${i}`, remoteId: `scale-${i}`, children: { net: child } };
  return { ...walkThrough("node-z", changes), metadata: { name: `scale-${i}` } };
}

function worker(i: number, n: number) {
  return podOf({
    name: `scale-${i}-${n}`,
    labels: { [label.worker]: "net" },
    annotations: {
      [annotation.connection]: `scale-${i}`,
      [annotation.child]: "net",
      [annotation.pool]: "primary",
      [annotation.vxlanIp]: `${networkOf(i)}${10 + n}/24`,
    },
    spec: unplaced,
  });
}

function networkOf(i: number): string {
  return `10.${100 + Math.floor(i / 250)}.${i % 250}.`;
}

async function inParallel<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await each(item);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

function startOperator(cluster: LabCluster, run: number): ChildProcess {
  const log = openSync(join(cluster.folder, `operator-${run}.log`), "a");
  const options = [
    "--ipman-image",
    "ipman:dev",
    "--charon-image",
    "ipman-charon:dev",
    "--legacy-charon-image",
    "ipman-charon-legacy:dev",
    "--kubeconfig",
    cluster.plane.kubeconfig,
    "--namespace",
    "ipman-system",
    "--listen",
    metrics,
  ];
  return spawn(process.execPath, [ipman, "operator", ...options], { stdio: ["ignore", log, log] });
}

const isReady = () =>
  eventually(
    async () => {
      const { ok } = await fetch(`http://${metrics}/readyz`);
      if (!ok) throw new Error("not ready");
    },
    120_000,
    20,
  );

/**
 * Waits until the operator has been almost idle for longer than the time after which it considers
 * an agent silent, which it would write to every status.
 */
async function isQuiet(operator: ChildProcess): Promise<void> {
  const deadline = performance.now() + mostBusyMs;
  for (let quiet = 0; quiet < leastQuietMs;) {
    const share = await processorShare(operator, lookMs);
    if (operator.exitCode !== null) throw new Error("the operator ended: see its log");
    quiet = share <= 0.02 ? quiet + lookMs : 0;
    if (performance.now() > deadline)
      throw new Error(`the operator is still busy: ${(share * 100).toFixed(0)} %`);
  }
}

/** The share of one processor that a process uses within `ms` milliseconds. */
async function processorShare(process: ChildProcess, ms: number): Promise<number> {
  const ticks = () => {
    if (process.exitCode !== null) return 0;
    const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await pause(ms);
  // A tick is a hundredth of a second.
  return ((ticks() - before) * 10) / ms;
}

async function heapMegabytes(): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const used = /^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1];
  return Number(used) / 1_000_000;
}
