import { isReady } from "../status/condition.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";
import { metaWith, type KubeObject } from "./kube-object.ts";
import { label } from "./labels.ts";

/** The part of a pod of charon or an agent that the operator reads. */
export interface GroupPod extends KubeObject {
  /** `charon` or `agent`. */
  readonly type: string;
  /** The value of the label `groupId`. */
  readonly groupId: string;
  readonly ready: boolean;
  /** Why it does not run, as the cluster words it; undefined if no cause is known. */
  readonly trouble: string | undefined;
}

interface PodStatus {
  readonly conditions?: readonly { type: string; status: string; message?: string }[];
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

/** Reads a pod of charon or an agent. */
export function groupPod(object: KubeObject): GroupPod {
  const { apiVersion, kind, metadata, status = {} } = object as KubeObject & { status?: PodStatus };
  const { labels = {}, deletionTimestamp } = metadata;
  const conditions = status.conditions ?? [];
  const ready = isReady({ conditions });
  return {
    apiVersion,
    kind,
    metadata: metaWith(metadata, "namespace", "resourceVersion"),
    type: labels[label.type] ?? "",
    groupId: labels[label.groupId] ?? "",
    ready: ready && deletionTimestamp === undefined,
    trouble: troubleOf(status),
  };
}

/** Reasons of containers that wait although nothing is wrong. */
const starting: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

function troubleOf({ conditions = [], containerStatuses = [] }: PodStatus): string | undefined {
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return scheduled.message;
  const waiting = containerStatuses
    .map(({ state }) => state?.waiting)
    .find((state) => state !== undefined && !starting.has(state.reason ?? ""));
  if (waiting === undefined) return undefined;
  const { reason = "a container waits", message } = waiting;
  // The message of a crashing container changes with every restart.
  return message === undefined || reason === "CrashLoopBackOff" ? reason : `${reason}: ${message}`;
}

/** Why no pod of a group's charon or agent runs; undefined if one does. */
export function groupPodFailure(
  type: "charon" | "agent",
  pods: readonly GroupPod[],
): Failure | undefined {
  const ofType = pods.filter((pod) => pod.type === type);
  if (ofType.some(({ ready }) => ready)) return undefined;
  const troubled = ofType.find(({ trouble }) => trouble !== undefined);
  if (troubled !== undefined) {
    const { namespace, name } = troubled.metadata;
    const message = `pod ${namespace}/${name} does not run: ${troubled.trouble}`;
    return failure(Reason.PodsUnavailable, message);
  }
  return failure(Reason.InProgress, `the pod of the group's ${type} is starting`);
}
