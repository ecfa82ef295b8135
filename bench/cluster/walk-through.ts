import type { LabCluster } from "../../lab/cluster/cluster.ts";
import { walkThrough, workload } from "../../lab/cluster/manifests.ts";
import { configurePeer, examplePeer } from "../../lab/cluster/peer.ts";
import { Workload } from "../../lab/cluster/workload.ts";

/** Has the partner and its Secret be there. */
export async function introduceWalkThrough(cluster: LabCluster): Promise<void> {
  await configurePeer(cluster, [examplePeer]);
  const name = "ipsec-secret";
  cluster.kubectl("delete", "secret", name, "-n", "default", "--ignore-not-found");
  const key = ["-n", "default", "--from-literal=example=yourpresharedkey"];
  cluster.kubectl("create", "secret", "generic", name, ...key);
}

/** Applies the walk-through's connection and one worker, and waits until the worker runs. */
export async function applyWalkThrough(cluster: LabCluster): Promise<void> {
  await introduceWalkThrough(cluster);
  cluster.apply(walkThrough("node-a"), workload({ name: "work", node: "node-b", replicas: 1 }));
  Workload.started(cluster, "work");
}
