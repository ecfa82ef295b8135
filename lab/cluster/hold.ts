import { LabCluster } from "./cluster.ts";
import { walkThrough, workload } from "./manifests.ts";
import { configurePeer, examplePeer } from "./peer.ts";
import { Workload } from "./workload.ts";

/** Runs a cluster with the walk-through applied until it is interrupted. */
const since = performance.now();
const say = (line: string) =>
  process.stdout.write(
    `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s  ${line}\n`,
  );

const ended = new Promise<void>((resolve) => {
  process.once("SIGTERM", resolve);
  process.once("SIGINT", resolve);
});

await using cluster = await LabCluster.start(say);
cluster.install("--wait", "--timeout", "90s");
say("ipman is installed");
await configurePeer(cluster, [examplePeer]);
const key = ["ipsec-secret", "-n", "default", "--from-literal=example=yourpresharedkey"];
cluster.kubectl("create", "secret", "generic", ...key);
cluster.apply(walkThrough("node-a"), workload({ name: "work", node: "node-b" }));
cluster.kubectl("wait", "--for=condition=Ready", "--timeout=90s", "ipsecconnection", "--all");
Workload.started(cluster, "work");
say("the walk-through is applied");
process.stdout.write(`\n${cluster.kubectl("get", "ipsecconnection", "-o", "wide")}\n`);
process.stdout.write(`${cluster.kubectl("get", "pods", "-A", "-o", "wide")}
The cluster runs in its own network namespace. Start a shell in it, with kubectl and helm:

  ip netns exec ${process.env["CLUSTER_NETNS"]} env KUBECONFIG=${cluster.plane.kubeconfig} PATH=${process.env["CLUSTER_BINARIES"]}:$PATH bash

Ctrl-C ends it.
`);
await ended;
