import { isReady } from "../status/condition.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";
import type { KubeObject } from "./kube-object.ts";
import { label } from "./labels.ts";

/** A pod of charon's or an agent's: what is read of it. */
export interface GroupPod extends KubeObject {
  /** `charon` or `agent`. */
  readonly type: string;
  /** As in the label: tells groups apart. */
  readonly groupId: string;
  readonly ready: boolean;
  /** What keeps it from running, in the cluster's words. */
  readonly trouble: string | undefined;
}

interface PodStatus {
  readonly conditions?: readonly { type: string; status: string; message?: string }[];
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

export function groupPod(object: KubeObject): GroupPod {
  const { apiVersion, kind, metadata, status = {} } = object as KubeObject & { status?: PodStatus };
  const { name, namespace, resourceVersion, labels = {}, deletionTimestamp } = metadata;
  const conditions = status.conditions ?? [];
  const ready = isReady({ conditions });
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: labels[label.type] ?? "",
    groupId: labels[label.groupId] ?? "",
    ready: ready && deletionTimestamp === undefined,
    trouble: troubleOf(status),
  };
}

/** Containers wait with these while nothing is wrong. */
const starting: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

function troubleOf({ conditions = [], containerStatuses = [] }: PodStatus): string | undefined {
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return scheduled.message;
  const waiting = containerStatuses
    .map(({ state }) => state?.waiting)
    .find((state) => state !== undefined && !starting.has(state.reason ?? ""));
  if (waiting === undefined) return undefined;
  const { reason = "it waits", message } = waiting;
  // A container that crashes again and again has a message with its next start in it.
  return message === undefined || reason === "CrashLoopBackOff" ? reason : `${reason}: ${message}`;
}

/** Why none of a group's pods of one type runs; nothing where one does. */
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
    return failure(Reason.CarrierUnavailable, message);
  }
  return failure(Reason.InProgress, `the pod of its ${type} is starting`);
}
