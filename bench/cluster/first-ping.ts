import { eventually } from "../../lab/sites/shell.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, workload } from "../../lab/cluster/manifests.ts";
import { configurePeer, examplePeer } from "../../lab/cluster/peer.ts";
import { Workload } from "../../lab/cluster/workload.ts";
import type { Row } from "../row.ts";
import { byHand, podStart } from "./pods.ts";

const most = 10;

/** From nothing but an installed chart to a ping from a worker on the other node. */
export async function firstPing(cluster: LabCluster): Promise<Row[]> {
  await configurePeer(cluster, [examplePeer]);
  const key = ["ipsec-secret", "-n", "default", "--from-literal=example=yourpresharedkey"];
  cluster.kubectl("create", "secret", "generic", ...key);
  const theirs = await podsByHand(cluster);
  const since = performance.now();
  cluster.apply(walkThrough("node-a"), workload({ name: "work", node: "node-b", replicas: 1 }));
  await eventually(() => pingOnce(cluster), 120_000, 50);
  const ours = (performance.now() - since) / 1_000;
  const what = "connection and workload applied → first ping from the worker";
  const sum =
    "the starts of three pods by hand, one after the other, the last with an init container; without IKE";
  return [
    { what, against: sum, unit: "s", ours, theirs, goal: { atMost: 1.3 } },
    { what: "the same", against: "–", unit: "s", ours, goal: { atMost: most } },
  ];
}

/** charon's, the gateway's and the worker's: each needs the one before it. */
async function podsByHand(cluster: LabCluster): Promise<number> {
  const charon = await podStart(cluster, byHand("hand-charon", "node-a", "charon"));
  const gateway = await podStart(cluster, byHand("hand-gateway", "node-a", "charon"));
  return charon + gateway + (await podStart(cluster, byHand("hand-worker", "node-b", "lab")));
}

function pingOnce(cluster: LabCluster): void {
  const [pod] = Workload.of(cluster, "work");
  if (pod === undefined || pod.ping("10.0.1.1", "-c", "1").received === 0)
    throw new Error("no ping yet");
}
