import assert from "node:assert/strict";
import { eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, workload } from "../../lab/cluster/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { quantile, type Row } from "../row.ts";
import { byHand, podStart } from "./pods.ts";
import { introduceWalkThrough } from "./walk-through.ts";

const most = 10;

/**
 * kubelet checks once a second whether an init container has ended, and in the first round the API
 * server has not handled a connection yet, so a single round is not representative for either side.
 */
const rounds = 5;

/** The time from an installed chart to a ping from a worker on the other node. */
export async function firstPing(cluster: LabCluster): Promise<Row[]> {
  await introduceWalkThrough(cluster);
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round > 0) removeTunnel(cluster);
    theirs.push(await podsByHand(cluster));
    ours.push(await tunnel(cluster));
  }
  const what = `connection and workload applied → first ping from the worker, the middle of ${rounds}`;
  const sum =
    "the starts of three pods by hand, one after the other, the last with an init container; without IKE";
  const middle = { ours: quantile(ours, 0.5), theirs: quantile(theirs, 0.5) };
  return [
    { what, against: sum, unit: "s", ...middle, goal: { atMost: 1.3 } },
    {
      what: "the same, the slowest of them",
      against: "–",
      unit: "s",
      ours: Math.max(...ours),
      goal: { atMost: most },
    },
  ];
}

/** The seconds from the creation of connection and workload to the first answer. */
async function tunnel(cluster: LabCluster): Promise<number> {
  const since = Date.now();
  // By the client, like the pods by hand: kubectl's start and its polling would count.
  await cluster.client.create(resourceTypes.IPSecConnection, walkThrough("node-a"));
  await cluster.client.create(resourceTypes.Deployment, pingingWorkload());
  return (await firstAnswer(cluster)) - since / 1_000;
}

/** Removes connection and workload, and waits until the connection's pods have ended. */
function removeTunnel(cluster: LabCluster): void {
  cluster.kubectl("delete", "deployment", "work", "-n", "default");
  cluster.kubectl("delete", "ipsecconnection", "--all", "-A");
  const groupPods = ["-l", "ipman.dialo.ai/type in (xfrm,charon,agent)"];
  cluster.kubectl("wait", "pods", "-A", ...groupPods, "--for=delete", "--timeout=90s");
}

/** The seconds to start the pods of charon, gateway and worker, each after the one before it. */
async function podsByHand(cluster: LabCluster): Promise<number> {
  const charon = await podStart(cluster, byHand("hand-charon", "node-a", "charon"));
  const gateway = await podStart(cluster, byHand("hand-gateway", "node-a", "charon"));
  return charon + gateway + (await podStart(cluster, byHand("hand-worker", "node-b", "lab")));
}

interface Started extends KubeObject {
  readonly status?: { readonly readyReplicas?: number };
}

/** A workload that pings from its start, and logs the time of the first answer. */
function pingingWorkload(): KubeObject {
  const object = workload({ name: "work", node: "node-b", replicas: 1 });
  const ping = "until /usr/bin/ping -n -D -c 1 -W 0.1 10.0.1.1; do busybox sleep 0.02; done";
  const command = ["/bin/busybox", "sh", "-c", `${ping}; exec busybox sleep infinity`];
  for (const container of object.spec.template.spec.containers)
    Object.assign(container, { command });
  return object;
}

/** The time of the worker's first answer, in seconds since the epoch. */
async function firstAnswer(cluster: LabCluster): Promise<number> {
  const log = ["logs", "deployment/work", "-n", "default"];
  const look = () => {
    const at = /^\[([\d.]+)\] \d+ bytes from/m.exec(cluster.kubectl(...log))?.[1];
    if (at === undefined) throw new Error("no ping yet");
    return Number(at);
  };
  const deployment = { namespace: "default", name: "work" };
  const isReady = async () => {
    const { status } = await cluster.client.get<Started>(resourceTypes.Deployment, deployment);
    assert.equal(status?.readyReplicas, 1);
  };
  await eventually(isReady, 120_000, 100);
  const at = await eventually(look, 60_000, 500);
  // The node's clock drifts by tenths of a second within minutes.
  const before = Date.now() / 1_000;
  const there = Number(await cluster.nodes["node-b"].sh("date +%s.%N"));
  return at - (there - before);
}
