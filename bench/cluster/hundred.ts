import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, walkThroughChild } from "../../lab/cluster/manifests.ts";
import { configurePeer, examplePeer, type PeerConnection } from "../../lab/cluster/peer.ts";
import type { Row } from "../row.ts";
import { deletePod } from "./pods.ts";
import {
  createPlaced,
  startStubGateways,
  reportRunning,
  type StubGateway,
} from "./stub-gateways.ts";

const count = 100;
const restSeconds = 60;
const numbers = Array.from({ length: count }, (_, i) => i);

/**
 * 100 connections on one node, with a real charon and a real partner. Their gateways exist
 * beforehand, so that the start of pods by a kubelet is not measured.
 */
export async function hundredRows(cluster: LabCluster): Promise<Row[]> {
  await configurePeer(cluster, [examplePeer, ...numbers.map(peerOf)]);
  await startStubGateways(cluster, numbers.map(gatewayOf));
  // Without controllers, the operator's Deployments start no gateways, and the stubs stay.
  await cluster.plane.stopControllers();
  await declare(cluster, [0]);
  await allAreUp(cluster, 1);
  const since = performance.now();
  await declare(cluster, numbers.slice(1));
  const meanwhile = slowestEntry(cluster, 1, 3);
  await allAreUp(cluster, count);
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

const nameOf = (i: number) => `hundred-${i}`;
const networkOf = (i: number) => `10.60.${i}.`;

function gatewayOf(i: number): StubGateway {
  const netns = `stub-${i}`;
  return { connection: nameOf(i), child: "net", netns, address: `10.244.201.${i + 1}` };
}

function peerOf(i: number): PeerConnection {
  const child = { name: "net", local: `10.61.${i}.0/24`, remote: `${networkOf(i)}0/24` };
  const ids = { localId: `hub-${i}.example.org`, remoteId: `spoke-${i}.example.org` };
  return { name: nameOf(i), ...ids, secret: examplePeer.secret, children: [child] };
}

function connectionOf(i: number, changes: object = {}) {
  const network = networkOf(i);
  const child = walkThroughChild(2, {
    name: "net",
    if_id: 20_000 + i,
    local_ips: [`${network}0/24`],
    remote_ips: [`10.61.${i}.0/24`],
    xfrm_ip: `${network}1/24`,
    vxlan_ip: `${network}2/24`,
    ip_pools: { primary: [`${network}10-${network}40/24`] },
  });
  const { localId: remoteId, remoteId: localId } = peerOf(i);
  const spec = { name: nameOf(i), localId, remoteId, children: { net: child }, ...changes };
  return { ...walkThrough("node-a", spec), metadata: { name: nameOf(i) } };
}

async function declare({ client }: LabCluster, which: readonly number[]): Promise<void> {
  const type = resourceTypes.IPSecConnection;
  await Promise.all(which.map((i) => client.create(type, connectionOf(i) as never)));
}

async function allAreUp({ client }: LabCluster, wanted: number): Promise<void> {
  await eventually(
    async () => {
      const up: string[] = [];
      await client.list(resourceTypes.IPSecConnection, {}, {}, (object) => {
        const { childrenReady } = (object as { status?: { childrenReady?: string } }).status ?? {};
        if (object.metadata.name.startsWith("hundred-") && childrenReady === "1/1")
          up.push(object.metadata.name);
      });
      if (up.length < wanted) throw new Error(`${up.length} of ${wanted} are up`);
    },
    120_000,
    100,
  );
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
  const before = await costs(cluster);
  await pause(restSeconds * 1_000);
  const after = await costs(cluster);
  const what = `${count} connections at rest for a minute`;
  return [
    limit(`${what}: processor, operators and agent`, after.ipman - before.ipman, "s", 1),
    limit(`${what}: processor, API server`, after.server - before.server, "s", 3),
    limit(`${what}: writes of a status`, after.writes - before.writes, "", 0),
  ];
}

async function costs(cluster: LabCluster) {
  const ticks = (stat: string) => {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  let ipman = 0;
  for (const node of Object.values(cluster.nodes)) {
    const stats = await node.sh("for p in $(pgrep -f /app/ipman.js); do cat /proc/$p/stat; done");
    for (const stat of stats.split("\n").filter(Boolean)) ipman += ticks(stat) / 100;
  }
  const pid = cluster.plane.pidOf("kube-apiserver");
  const server = ticks(readFileSync(`/proc/${pid}/stat`, "utf8")) / 100;
  return { ipman, server, writes: statusWrites(cluster.kubectl("get", "--raw", "/metrics")) };
}

/** The writes of a connection's status by any client, as the API server counts them. */
function statusWrites(metrics: string): number {
  const lines = metrics.split("\n").filter((line) => {
    const isOurs = line.includes('resource="ipsecconnections"');
    const isStatus = line.includes('subresource="status"');
    return line.startsWith("apiserver_request_total{") && isOurs && isStatus;
  });
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
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
  cluster.apply(...broken.map((changes, n) => connectionOf(count + n, changes)));
  await pause(2_000);
  return slowestEntry(cluster, 10, 3);
}

async function remove(cluster: LabCluster): Promise<void> {
  const names = [...numbers, count, count + 1, count + 2].map(nameOf);
  cluster.kubectl("delete", "ipsecconnections", ...names);
  cluster.plane.startControllers();
}
