import type { KubeMeta, KubeObject } from "../kubernetes/kube-object.ts";
import { label } from "../kubernetes/labels.ts";
import { trimmedPod, type Pod } from "../kubernetes/worker-pod.ts";

/** The part of an agent's or a gateway's pod that agents of other groups read. */
export interface AgentPod extends Pod {
  /** `agent` or `xfrm` (a gateway). */
  readonly type: string;
  /** The value of the label `groupId`. */
  readonly groupId: string;
}

/** Reads an agent's or a gateway's pod. */
export function agentPod(object: KubeObject): AgentPod {
  const { labels = {} } = object.metadata;
  const { metadata, ...pod } = trimmedPod(object);
  const { annotations: _, ...kept } = metadata;
  const bare: KubeMeta = kept;
  return {
    ...pod,
    metadata: bare,
    type: labels[label.type] ?? "",
    groupId: labels[label.groupId] ?? "",
  };
}

/** The selector of the agents' and gateways' pods of these groups, by their labels' values. */
export function agentPodSelector(groups: readonly string[]): string {
  return `${label.type} in (agent,xfrm),${label.groupId} in (${groups.toSorted().join(",")})`;
}
