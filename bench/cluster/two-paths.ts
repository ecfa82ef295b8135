import { setTimeout as pause } from "node:timers/promises";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { addresses, type LabCluster, type NodeName } from "../../lab/cluster/cluster.ts";
import { configurePeer, examplePeer } from "../../lab/cluster/peer.ts";
import { fastest, type Row } from "../row.ts";
import { costAtRest, type Cost } from "./at-rest.ts";
import { ConnectionSeries } from "./connection-series.ts";
import { startStubGateways, type StubGateway } from "./stub-gateways.ts";

const count = 100;
const numbers = Array.from({ length: count }, (_, i) => i);
/** Long enough for the last events of new SAs. */
const settleMs = 30_000;
const windows = 2;
const other = "node-b";
const series = new ConnectionSeries("double", 62);
/** One connection of each node, for which the operator starts charon and agent there. */
const anchors = new ConnectionSeries("anchor", 64);

/**
 * The cost at rest of 100 connections with one path, and of the same connections after each of them has a
 * warm path on the other node as well. The agents of both nodes run in both cases.
 */
export async function twoPathRows(cluster: LabCluster): Promise<Row[]> {
  await startAgents(cluster);
  await startStubGateways(
    cluster,
    (["node-a", other] as const).flatMap((node) => numbers.map((i) => gatewayOf(i, node))),
  );
  // Without controllers, the operator's Deployments start no gateways, and the stubs stay.
  await cluster.plane.stopControllers();
  await series.declare(cluster, numbers);
  await series.areUp(cluster, count);
  const before = await atRest(cluster);
  await addPaths(cluster);
  const after = await atRest(cluster);
  cluster.kubectl("delete", "ipsecconnections", ...numbers.map((i) => series.nameOf(i)));
  cluster.kubectl("delete", "ipsecconnections", anchors.nameOf(0), anchors.nameOf(1));
  cluster.plane.startControllers();
  return rowsOf(before, after);
}

async function startAgents(cluster: LabCluster): Promise<void> {
  const metadata = { name: "ipsec-secret", namespace: "default" };
  const stringData = { example: examplePeer.secret };
  cluster.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData });
  const halves = numbers.flatMap((i) => [series.peerOf(i), series.peerOf(i, other)]);
  await configurePeer(cluster, [examplePeer, anchors.peerOf(0), anchors.peerOf(1), ...halves]);
  const second = anchors.manifestOf(1, { nodeName: other, localAddr: addresses.nodeB });
  cluster.apply(anchors.manifestOf(0), second);
  await anchors.areUp(cluster, 2);
}

async function addPaths(cluster: LabCluster): Promise<void> {
  for (const i of numbers) {
    const localId = series.identityOf(i, other);
    const second = { name: "reserve", nodeName: other, localAddr: addresses.nodeB, localId };
    const spec = { paths: [{ name: "main" }, second] };
    await cluster.client.mergePatch(
      resourceTypes.IPSecConnection,
      { name: series.nameOf(i) },
      { spec },
    );
  }
  await series.have(cluster, count, ({ conditions = [] }) =>
    conditions.some(({ type, status }) => type === "Redundant" && status === "True"),
  );
}

function gatewayOf(i: number, node: NodeName): StubGateway {
  const [netns, network] =
    node === other ? [`double-b-${i}`, "10.244.204"] : [`double-a-${i}`, "10.244.203"];
  return {
    connection: series.nameOf(i),
    child: "net",
    netns,
    node,
    address: `${network}.${i + 1}`,
  };
}

async function atRest(cluster: LabCluster): Promise<Cost[]> {
  await pause(settleMs);
  const found: Cost[] = [];
  for (let n = 0; n < windows; n++) {
    const cost = await costAtRest(cluster);
    process.stderr.write(`bench: ${JSON.stringify(cost)}\n`);
    found.push(cost);
  }
  return found;
}

function rowsOf(before: readonly Cost[], after: readonly Cost[]): Row[] {
  const what = `${count} connections with two warm paths at rest for a minute`;
  const against = "the same connections with one path, before";
  const processor = (part: "ipman" | "server") => ({
    unit: "s",
    ours: fastest(after.map((cost) => cost[part])),
    theirs: fastest(before.map((cost) => cost[part])),
  });
  return [
    {
      what: `${what}: processor, API server`,
      against,
      ...processor("server"),
      goal: { atMost: 1.1 },
    },
    {
      what: `${what}: processor, operators and both agents`,
      against,
      ...processor("ipman"),
      goal: { atMost: 2 },
    },
    {
      what: `${what}: writes of a status`,
      against: "–",
      unit: "",
      ours: Math.max(...after.map(({ writes }) => writes)),
      goal: { atMost: 0 },
    },
  ];
}
