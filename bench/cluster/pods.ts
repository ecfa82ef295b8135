import { setTimeout as pause } from "node:timers/promises";
import { KubeError } from "../../src/adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import type { LabCluster } from "../../lab/cluster/cluster.ts";

const namespace = "default";
const lookMs = 25;

export interface PodShape {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec: object;
}

/** The spec of a pod that no node runs: only the API server handles it. */
export const unplaced = {
  schedulerName: "none",
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image: "lab:dev" }],
};

export function podOf({ name, annotations = {}, labels = {}, spec }: PodShape): KubeObject {
  const metadata = { name, namespace, annotations, labels };
  return { apiVersion: "v1", kind: "Pod", metadata, spec } as KubeObject;
}

/** Creates a pod and returns the seconds that the request took. */
export async function createPod({ client }: LabCluster, shape: PodShape): Promise<number> {
  const since = performance.now();
  await client.create(resourceTypes.Pod, podOf(shape));
  return (performance.now() - since) / 1_000;
}

export function deletePod({ client }: LabCluster, name: string): Promise<unknown> {
  return client.delete(resourceTypes.Pod, { namespace, name });
}

/** The seconds from the creation of a pod until it is ready; the pod is deleted afterwards. */
export async function podStart(cluster: LabCluster, shape: PodShape): Promise<number> {
  const since = performance.now();
  await createPod(cluster, shape);
  while (!(await isReady(cluster, shape.name))) await pause(lookMs);
  const seconds = (performance.now() - since) / 1_000;
  await deletePod(cluster, shape.name);
  while (await isThere(cluster, shape.name)) await pause(lookMs);
  return seconds;
}

/**
 * A pod on a node, made by hand: `charon` is also the image of gateways. A workload has an
 * init container, which every solution needs to create a device.
 */
export const byHand = (name: string, node: string, image: "charon" | "lab"): PodShape => ({
  name,
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    ...(image === "lab" ? workload : { containers: [pausing] }),
  },
});

const pausing = { name: "main", image: "ipman-charon:dev", args: ["pause"] };
const lab = { image: "lab:dev", imagePullPolicy: "IfNotPresent" };
const workload = {
  initContainers: [{ name: "attach", ...lab, command: ["/bin/busybox", "true"] }],
  containers: [{ name: "main", ...lab }],
};

async function isReady({ client }: LabCluster, name: string): Promise<boolean> {
  const { status } = await client.get<PodWithStatus>(resourceTypes.Pod, { namespace, name });
  return (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
}

async function isThere({ client }: LabCluster, name: string): Promise<boolean> {
  try {
    await client.get(resourceTypes.Pod, { namespace, name });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.code === "not-found") return false;
    throw error;
  }
}

interface PodWithStatus extends KubeObject {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}
