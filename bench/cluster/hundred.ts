import { setTimeout as pause } from "node:timers/promises";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { configurePeer, examplePeer } from "../../lab/cluster/peer.ts";
import type { Row } from "../row.ts";
import { costAtRest } from "./at-rest.ts";
import { ConnectionSeries } from "./connection-series.ts";
import { deletePod } from "./pods.ts";
import {
  createPlaced,
  startStubGateways,
  reportRunning,
  type StubGateway,
} from "./stub-gateways.ts";

const count = 100;
const series = new ConnectionSeries("hundred", 60);
const numbers = Array.from({ length: count }, (_, i) => i);

/**
 * 100 connections on one node, with a real charon and a real partner. Their gateways exist
 * beforehand, so that the start of pods by a kubelet is not measured.
 */
export async function hundredRows(cluster: LabCluster): Promise<Row[]> {
  await configurePeer(cluster, [examplePeer, ...numbers.map((i) => series.peerOf(i))]);
  await startStubGateways(cluster, numbers.map(gatewayOf));
  // Without controllers, the operator's Deployments start no gateways, and the stubs stay.
  await cluster.plane.stopControllers();
  await series.declare(cluster, [0]);
  await series.areUp(cluster, 1);
  const since = performance.now();
  await series.declare(cluster, numbers.slice(1));
  const meanwhile = slowestEntry(cluster, 1, 3);
  await series.areUp(cluster, count);
  const all = (performance.now() - since) / 1_000;
  const rows: Row[] = [
    limit(`${count - 1} more connections applied at once → all carry traffic`, all, "s", 20),
    limit("an FDB entry of a worker while they come up", await meanwhile, "s", 1),
    ...(await atRest(cluster)),
    limit("an FDB entry beside connections that cannot work", await besideBroken(cluster), "s", 1),
  ];
  await remove(cluster);
  return rows;
}

const limit = (what: string, ours: number, unit: string, atMost: number): Row => ({
  what,
  against: "–",
  unit,
  ours,
  goal: { atMost },
});

function gatewayOf(i: number): StubGateway {
  const netns = `stub-${i}`;
  return {
    connection: series.nameOf(i),
    child: "net",
    netns,
    node: "node-a",
    address: `10.244.201.${i + 1}`,
  };
}

/** The longest time from the kubelet's status of a worker to its FDB entry, over several workers. */
async function slowestEntry(cluster: LabCluster, first: number, workers: number): Promise<number> {
  const node = cluster.nodes["node-a"];
  const { netns, connection } = gatewayOf(0);
  const times: number[] = [];
  for (let n = first; n < first + workers; n++) {
    const address = `10.244.202.${n}`;
    const waiting = node.sh(
      `timeout 60 sh -c 'until bridge -n ${netns} fdb show | grep -q "dst ${address} "; do sleep 0.02; done'`,
    );
    const pod = { name: `behind-${n}`, namespace: "default", annotations: ofWorker(connection) };
    await createPlaced(cluster, pod);
    // Until the loop on the node has started.
    await pause(300);
    const since = performance.now();
    await reportRunning(cluster, pod, address);
    await waiting;
    times.push((performance.now() - since) / 1_000);
    await deletePod(cluster, `behind-${n}`);
  }
  return Math.max(...times);
}

const ofWorker = (connection: string) => ({
  [annotation.connection]: connection,
  [annotation.child]: "net",
  [annotation.pool]: "primary",
});

/** The cost of a minute without changes. */
async function atRest(cluster: LabCluster): Promise<Row[]> {
  await pause(20_000);
  const { ipman, server, writes } = await costAtRest(cluster);
  const what = `${count} connections at rest for a minute`;
  return [
    limit(`${what}: processor, operators and agent`, ipman, "s", 1),
    limit(`${what}: processor, API server`, server, "s", 3),
    limit(`${what}: writes of a status`, writes, "", 0),
  ];
}

/** The same, beside connections whose peer, node or Secret does not exist. */
async function besideBroken(cluster: LabCluster): Promise<number> {
  const broken = [
    { remoteAddr: "192.168.1.77" },
    { nodeName: "node-y", remoteAddr: "192.168.1.78" },
    {
      remoteAddr: "192.168.1.79",
      secretRef: { name: "missing", namespace: "default", key: "psk" },
    },
  ];
  cluster.apply(...broken.map((changes, n) => series.manifestOf(count + n, changes)));
  await pause(2_000);
  return slowestEntry(cluster, 10, 3);
}

async function remove(cluster: LabCluster): Promise<void> {
  const names = [...numbers, count, count + 1, count + 2].map((i) => series.nameOf(i));
  cluster.kubectl("delete", "ipsecconnections", ...names);
  cluster.plane.startControllers();
}
