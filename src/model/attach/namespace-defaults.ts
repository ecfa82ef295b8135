import type { Result, Problem } from "../api/result.ts";
import { metaWith, type KubeMeta, type KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label, requestedByNamespace } from "../kubernetes/labels.ts";
import type { Annotations } from "../kubernetes/pod-attachments.ts";
import type { NewPod } from "./pod-injection.ts";

/** The label by which Pod Security Admission enforces a level in a namespace. */
const enforcedLevel = "pod-security.kubernetes.io/enforce";

/** The annotation of pods that a kubelet runs from files, and reports to the API server. */
const mirror = "kubernetes.io/config.mirror";

/** The annotations of a Namespace that its new pods request. */
const inherited = [annotation.connection, annotation.child, annotation.pool] as const;

/** Annotations that concern single pods: a Namespace cannot have them as defaults. */
const ofPods = [annotation.attachments, annotation.address, annotation.keepAddress] as const;

/** The longest value of an inherited annotation, which is a name. */
const longest = 253;

/**
 * Reduces a Namespace to the part that decides what its pods request. Values are cut, so that a
 * tenant who owns many Namespaces cannot fill the operator's memory.
 */
export function trimmedNamespace({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { labels = {}, annotations = {} } = metadata;
  const kept: KubeMeta = {
    ...metaWith(metadata, "uid", "resourceVersion"),
    labels: picked(labels, [label.defaults, enforcedLevel]),
    annotations: picked(annotations, [...inherited, ...ofPods]),
  };
  return { apiVersion, kind, metadata: kept };
}

/** The annotations that a labelled Namespace has for its new pods. */
export function namespaceDefaults({ metadata }: KubeObject): Result<Annotations> {
  const { annotations = {} } = metadata;
  const problems = [
    ...inherited.flatMap((key) => inheritedProblem(key, annotations[key])),
    ...ofPods.flatMap((key) => podsProblem(key, annotations[key])),
    ...levelProblem(metadata.labels?.[enforcedLevel]),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: picked(annotations, inherited) };
}

/**
 * Whether the defaults of a namespace leave a pod alone: it cannot be put behind a tunnel, or it
 * requests for itself.
 */
export function isExempt({ metadata: { annotations = {}, labels = {} }, spec }: NewPod): boolean {
  if (spec.hostNetwork === true || mirror in annotations) return true;
  if (annotations[annotation.defaults] === "false") return true;
  if (annotation.requestedBy in annotations) return false;
  return label.worker in labels || requests.some((key) => key in annotations);
}

const requests = [...inherited, ...ofPods];

/** A pod as if it had been annotated like its namespace. */
export function requestedByDefaults(pod: NewPod, defaults: Annotations): NewPod {
  const annotations = {
    ...pod.metadata.annotations,
    ...defaults,
    [annotation.requestedBy]: requestedByNamespace,
  };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

/** A pod that requests for itself, without the claim that its namespace does. */
export function requestedByItself(pod: NewPod): Result<NewPod> {
  const { [annotation.requestedBy]: claim, ...annotations } = pod.metadata.annotations ?? {};
  const choice = annotations[annotation.defaults];
  if (choice !== undefined && choice !== "false") {
    const message = `is ${quoted(choice)}; the only value is "false", which leaves a pod out of the defaults of its namespace`;
    return { ok: false, problems: [{ path: annotation.defaults, message }] };
  }
  if (claim === undefined) return { ok: true, value: pod };
  return { ok: true, value: { ...pod, metadata: { ...pod.metadata, annotations } } };
}

function inheritedProblem(path: string, value: string | undefined): Problem[] {
  if (value === undefined || value === "")
    return [{ path, message: "is missing; write it on the Namespace" }];
  if (value.length > longest)
    return [{ path, message: `has more than ${longest} characters, the most of a name` }];
  if (!/\p{Cc}/u.test(value)) return [];
  return [{ path, message: `is ${quoted(value)}; a name has no control characters` }];
}

function podsProblem(path: string, value: string | undefined): Problem[] {
  if (value === undefined) return [];
  return [{ path, message: "is for pods; remove it from the Namespace" }];
}

/** Pod Security Admission would refuse the init container, without naming the remedy. */
function levelProblem(level: string | undefined): Problem[] {
  if (level === undefined || level === "privileged") return [];
  const message = `is ${quoted(level)}, which refuses the init container ipman-attach for its capability NET_ADMIN; use a Service of ipman in place of the defaults, or the level privileged`;
  return [{ path: enforcedLevel, message }];
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 63 ? `${text.slice(0, 63)}…` : text);
}

function picked(from: Annotations, keys: readonly string[]): Annotations {
  return Object.fromEntries(keys.flatMap((key) => entryOf(from, key)));
}

function entryOf(from: Annotations, key: string): [string, string][] {
  const value = from[key];
  return value === undefined ? [] : [[key, value.slice(0, longest + 1)]];
}
