import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import type { LabCluster, NodeName } from "../../lab/cluster/cluster.ts";

const namespace = "ipman-system";

/** A simulated gateway of a connection. */
export interface StubGateway {
  readonly connection: string;
  readonly child: string;
  /** The name of its network namespace on its node. */
  readonly netns: string;
  readonly node: NodeName;
  readonly address: string;
}

/**
 * Creates gateways like a kubelet, but all at once: pods in the API, and for each a network namespace
 * on its node with a process in the pod's cgroup. No kubelet manages them. Each node has a gateway already.
 */
export async function startStubGateways(
  cluster: LabCluster,
  gateways: readonly StubGateway[],
): Promise<void> {
  const byNode = Map.groupBy(gateways, ({ node }) => node);
  for (const [node, onNode] of byNode) {
    const labels = await gatewayLabels(cluster, node);
    const lines: string[] = [];
    for (const gateway of onNode) {
      const annotations = {
        [annotation.connection]: gateway.connection,
        [annotation.child]: gateway.child,
      };
      const pod = { name: gateway.netns, namespace, labels, annotations };
      await createPlaced(cluster, pod);
      const { metadata } = await reportRunning(cluster, pod, gateway.address);
      lines.push(namespaceScript(gateway, metadata.uid ?? ""));
    }
    await cluster.nodes[node].sh(lines.join("\n"));
  }
}

interface StubPod {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Creates a pod on a node that does not exist, so that no kubelet manages it. */
export async function createPlaced({ client }: LabCluster, pod: StubPod): Promise<void> {
  const { name, namespace: where, labels = {}, annotations } = pod;
  const metadata = { name, namespace: where, labels, annotations };
  const containers = [{ name: "main", image: "lab:dev" }];
  const spec = { nodeName: "node-z", terminationGracePeriodSeconds: 0, containers };
  const object = { apiVersion: "v1", kind: "Pod", metadata, spec };
  await client.create(resourceTypes.Pod, object as KubeObject);
}

/** Writes the status that a kubelet reports for a running pod. */
export function reportRunning(
  { client }: LabCluster,
  { name, namespace: where }: Pick<StubPod, "name" | "namespace">,
  address: string,
): Promise<KubeObject> {
  const status = { phase: "Running", podIP: address, podIPs: [{ ip: address }] };
  const place = { namespace: where, name, subresource: "status" } as const;
  return client.mergePatch(resourceTypes.Pod, place, { status });
}

/** The labels that the operator sets on the gateways of a node, as one of them has them. */
async function gatewayLabels(
  { client }: LabCluster,
  node: NodeName,
): Promise<Record<string, string>> {
  const found: Record<string, string>[] = [];
  const selector = {
    labelSelector: `${label.type}=xfrm`,
    fieldSelector: `spec.nodeName=${node}`,
  };
  await client.list(resourceTypes.Pod, { namespace }, selector, ({ metadata }) => {
    found.push(metadata.labels as Record<string, string>);
  });
  const { [label.type]: type, [label.groupId]: group } = found[0] ?? {};
  if (type === undefined || group === undefined) throw new Error(`${node} has no gateway`);
  return { [label.managedBy]: "ipman", [label.type]: type, [label.groupId]: group };
}

function namespaceScript({ netns, address }: StubGateway, uid: string): string {
  const folder = `/sys/fs/cgroup/stubs/pod${uid}`;
  return `ip netns add ${netns}
ip link add ${netns} type veth peer name eth0 netns ${netns}
ip link set ${netns} up
ip -n ${netns} link set eth0 up
ip -n ${netns} addr add ${address}/32 dev eth0
ip -n ${netns} route add default dev eth0
mkdir -p ${folder}
ip netns exec ${netns} sleep 3000 </dev/null >/dev/null 2>&1 &
echo $! >${folder}/cgroup.procs`;
}
