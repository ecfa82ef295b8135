import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, walkThroughChild } from "../../lab/cluster/manifests.ts";
import { quantile, type Row } from "../row.ts";
import { startAllowAll } from "./allow-all.ts";
import { createPod, deletePod, unplaced, type PodShape } from "./pods.ts";

const prefix = "ipman.dialo.ai/";
const annotations = {
  [`${prefix}childName`]: "many",
  [`${prefix}ipmanName`]: "many",
  [`${prefix}poolName`]: "primary",
};
/** The labels of pods that only the reference webhook admits. */
const labels = { "example.org/webhook": "allow-all" };

const perSecond = 50;
// Many enough to measure the steady pace: the first pods of a round have no prefetched addresses.
const perRound = 500;
// Several rounds, since one stall of the machine would decide the p99 of few pods.
const rounds = 6;

/** The admission of annotated pods, on the API server and two replicas of the operator. */
export async function admissionRows(cluster: LabCluster): Promise<Row[]> {
  await prepare(cluster);
  const rows = [await crowdRow(cluster), await freedRow(cluster)];
  await startAllowAll(cluster, labels);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(...(await steadily(cluster, `plain-${round}`, { labels })));
    ours.push(...(await steadily(cluster, `many-${round}`, { annotations })));
  }
  cluster.kubectl("delete", "ipsecconnection", "many");
  const more = (share: number) => (quantile(ours, share) - quantile(theirs, share)) * 1_000;
  const against = (share: number) =>
    `a webhook that allows everything, beside it: ${(quantile(theirs, share) * 1_000).toFixed(1)} ms`;
  const what = `admission of an annotated pod, at ${perSecond}/s: how much more`;
  return [
    ...rows,
    {
      what: `${what}, p99`,
      against: against(0.99),
      unit: "ms",
      ours: more(0.99),
      goal: { atMost: 10 },
    },
    {
      what: `${what}, p50`,
      against: against(0.5),
      unit: "ms",
      ours: more(0.5),
      goal: { atMost: 10 },
    },
  ];
}

async function prepare(cluster: LabCluster): Promise<void> {
  const many = walkThroughChild(40, {
    name: "many",
    if_id: 4_040,
    ip_pools: { primary: ["10.0.40.10-10.0.43.250/22"] },
    local_ips: ["10.0.40.0/22"],
    xfrm_ip: "10.0.40.1/22",
    vxlan_ip: "10.0.40.2/22",
  });
  const changes = { name: "many", remoteId: "absent", children: { many } };
  cluster.apply({ ...walkThrough("node-a", changes), metadata: { name: "many" } });
  await eventually(() => freed(cluster), 60_000, 500);
}

async function crowdRow(cluster: LabCluster): Promise<Row> {
  const since = performance.now();
  const names = Array.from({ length: 100 }, (_, i) => `crowd-${i}`);
  await Promise.all(names.map((name) => createPod(cluster, { name, annotations, spec: unplaced })));
  const ours = names.length / ((performance.now() - since) / 1_000);
  await Promise.all(names.map((name) => deletePod(cluster, name)));
  return {
    what: "100 annotated pods at once on one connection, all admitted",
    against: "–",
    unit: "per second",
    ours,
    goal: { atLeast: 50 },
    larger: true,
  };
}

/** The time from a pod's deletion until another pod has its address. */
async function freedRow(cluster: LabCluster): Promise<Row> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await freed(cluster));
  return {
    what: "a worker's address given again after its pod is deleted, the slowest of 5",
    against: "–",
    unit: "s",
    ours: Math.max(...times),
    goal: { atMost: 1 },
  };
}

async function freed(cluster: LabCluster): Promise<number> {
  const wish = { ...annotations, [`${prefix}address`]: "10.0.40.77" };
  await createPod(cluster, { name: "had", annotations: wish, spec: unplaced });
  const since = performance.now();
  await deletePod(cluster, "had");
  await createPod(cluster, { name: "has", annotations: wish, spec: unplaced });
  const seconds = (performance.now() - since) / 1_000;
  await deletePod(cluster, "has");
  return seconds;
}

/** Creates pods at an even pace and returns the seconds of each request. */
async function steadily(
  cluster: LabCluster,
  prefixed: string,
  looks: Pick<PodShape, "annotations" | "labels">,
): Promise<number[]> {
  const names = Array.from({ length: perRound }, (_, i) => `${prefixed}-${i}`);
  const calls: Promise<number>[] = [];
  const since = performance.now();
  for (const [i, name] of names.entries()) {
    await pause(Math.max(0, since + (i * 1_000) / perSecond - performance.now()));
    calls.push(createPod(cluster, { name, ...looks, spec: unplaced }));
  }
  const times = await Promise.all(calls);
  for (const name of names) await deletePod(cluster, name);
  return times;
}
